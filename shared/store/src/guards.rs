//! What the guards table holds: rate limits across environments, addresses known for an account, checkpoints of jobs, and
//! attempts to reserve goods. All of it expires.

use std::time::Duration;

use domain::{CustomerId, ReservationAttempt, Timestamp};
use resilience::{Decision, Limit};
use uuid::Uuid;

use crate::StoreError;

/// Rate limits that hold across all environments of all functions.
pub trait RateLimiter {
    /// Takes one request from a bucket: one conditional write when the bucket is in use, two when it was idle, none when it
    /// is known to be empty. Of all concurrent callers, in whatever process, no more succeed than the limit allows.
    async fn take(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<Decision, StoreError>;

    /// Gives back a request that was just taken from a bucket and turned out not to count: one conditional write. Another
    /// environment that found the bucket empty meanwhile may refuse one request that it could take, for as long as it was
    /// told to wait.
    async fn give_back(&self, bucket: &str, limit: Limit, now: Timestamp) -> Result<(), StoreError>;
}

/// The network addresses from which owners of accounts have signed in.
pub trait KnownAddresses {
    /// Remembers a key until then.
    async fn remember(&self, key: &str, until: Timestamp) -> Result<(), StoreError>;

    /// Whether a key is remembered now.
    async fn remembers(&self, key: &str, now: Timestamp) -> Result<bool, StoreError>;
}

/// Where jobs that take many runs left off.
pub trait JobCheckpoints {
    /// The job's checkpoint, as it was saved; `None` when there is none or it has expired.
    async fn checkpoint(&self, job: &str, now: Timestamp) -> Result<Option<String>, StoreError>;

    /// Saves the job's checkpoint until then. The last write wins: a job that runs twice at once must tolerate doing some
    /// of its work twice.
    async fn save_checkpoint(&self, job: &str, checkpoint: &str, until: Timestamp) -> Result<(), StoreError>;
}

/// Attempts of customers to reserve goods, announced before they are decided: of several at once, each sees those before it.
pub trait ReservationAttempts {
    /// Announces an attempt, and says what a customer's other orders have attempted within `window` before. The
    /// announcements of one customer have an order, and each sees all before it. One conditional write when it is the
    /// first within the window, two otherwise.
    async fn announce(
        &self,
        customer: CustomerId,
        attempt: &ReservationAttempt,
        window: Duration,
        now: Timestamp,
    ) -> Result<Announcement, StoreError>;

    /// Takes an announcement back whose attempt came to nothing: one conditional write. Others of the same order stand.
    async fn withdraw(&self, customer: CustomerId, id: Uuid) -> Result<(), StoreError>;
}

/// What came of an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// It stands until it is withdrawn or the window is over.
    Made {
        /// Its id.
        id: Uuid,
        /// The attempts of other orders, in any order.
        others: Vec<ReservationAttempt>,
    },
    /// It was not made: [`MAX_PAGE`](crate::MAX_PAGE) of the customer stand already.
    TooMany,
}
