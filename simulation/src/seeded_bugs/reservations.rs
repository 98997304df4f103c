//! Customers who reserve more than they may.

use std::time::Duration;

use domain::{CustomerId, ReservationAttempt, Timestamp};
use store::{Announcement, ReservationAttempts as _};

use super::{Answer, SeededBug, with};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::people::HOARD;

/// All of them.
pub const BUGS: [SeededBug; 1] = [SeededBug::new(
    "unpaid orders counted by the index",
    "what a customer has not paid is what the index shows, and no attempt sees another",
    || with(ByTheIndex),
)
.in_scenario(&HOARD, 2)];

struct ByTheIndex;

impl BuggyStore for ByTheIndex {
    fn announce<'a>(
        &'a self,
        context: &'a StoreContext,
        customer: CustomerId,
        attempt: &'a ReservationAttempt,
        (window, now): (Duration, Timestamp),
    ) -> Answer<'a, Announcement> {
        Box::pin(async move {
            Ok(match context.memory.announce(customer, attempt, window, now).await? {
                Announcement::Made { id, .. } => Announcement::Made { id, others: Vec::new() },
                Announcement::TooMany => Announcement::TooMany,
            })
        })
    }
}
