//! What is stored, and what goes from there to others.

use std::time::Duration;

use domain::Product;
use events::{Consumer, DeadLetters, Publisher, Visibility};
use resilience::{Cache, CachePolicy, Clock};
use store::{Accounts, MailEffects, Page, PageRequest, Sessions, SheetRows};

use crate::Time;

/// Orders with their events.
pub trait Orders: Time {
    /// Orders with their events.
    fn orders(&self) -> &impl store::Orders;
}

/// Products with price and stock.
pub trait Catalogue: Time {
    /// Products with price and stock.
    fn catalogue(&self) -> &impl store::Catalogue;
}

/// Pages of the catalogue, kept in memory.
pub trait ProductPages: Catalogue {
    /// Pages of the catalogue, kept for as long as [`product_pages`] says.
    fn product_pages(&self) -> &Cache<PageRequest, Page<Product>, Self::Clock>;
}

/// Emails and rows of the sheet.
pub trait Effects: Time {
    /// Emails.
    fn mails(&self) -> &impl MailEffects;
    /// Rows of the sheet.
    fn rows(&self) -> &impl SheetRows;
}

/// Accounts with their events, and sessions.
pub trait Identity: Time {
    /// Both: they are one table.
    fn accounts(&self) -> &(impl Accounts + Sessions);
}

/// API keys.
pub trait ApiKeys: Time {
    /// API keys.
    fn api_keys(&self) -> &impl store::ApiKeys;
}

/// Rate limits, and what is known for a while.
pub trait Guards: Time {
    /// Rate limits, and what is known for a while.
    fn guards(&self) -> &(impl store::RateLimiter + store::KnownAddresses + store::JobCheckpoints);
}

/// What customers attempt to reserve.
pub trait ReservationAttempts: Time {
    /// What customers attempt to reserve.
    fn reservation_attempts(&self) -> &impl store::ReservationAttempts;
}

/// Where a stream's function publishes.
pub trait Bus {
    /// The topic.
    fn publisher(&self) -> &impl Publisher;
    /// Where it puts what it cannot publish.
    fn dead_letters(&self) -> &impl DeadLetters;
}

/// The queue that a consumer reads.
pub trait Queue: Time {
    /// Hides its messages.
    fn queue(&self) -> &impl Visibility;

    /// What a consumer handles its batches with.
    fn consumer(&self) -> Consumer<'_, impl Visibility, Self::Clock, Self::Ids> {
        Consumer { queue: self.queue(), clock: self.clock(), ids: self.ids() }
    }
}

/// No pages yet. One is fresh for ten seconds, and serves for ten minutes while the table is down.
pub const fn product_pages<C: Clock>(clock: C) -> Cache<PageRequest, Page<Product>, C> {
    const KEEP: CachePolicy = CachePolicy {
        fresh_for: Duration::from_secs(10),
        stale_for: Duration::from_mins(10),
        ask_again_after: Duration::from_secs(5),
        most: 100,
    };
    Cache::new(KEEP, clock)
}
