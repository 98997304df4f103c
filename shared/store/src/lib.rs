//! Repositories of orders, catalogue, effects, accounts and guards, with the conditions on which they write.
//!
//! Each trait has two implementations that pass one conformance suite: DynamoDB, and memory for tests and simulation.
//! Decisions about orders and accounts are `domain`'s. Must not know HTTP, Stripe or SendGrid.

mod accounts;
mod catalogue;
pub mod dynamo;
mod effects;
mod error;
mod guards;
mod memory;
mod orders;
mod page;
mod update;

pub use accounts::{Accounts, ApiKeys, SaveOutcome, Sessions, account_event_key};
pub use catalogue::{Catalogue, ProductEdit, StockEdit};
pub use dynamo::{DynamoAccounts, DynamoCatalogue, DynamoEffects, DynamoGuards, DynamoOrders};
pub use effects::{MailEffects, RowClaim, SheetRow, SheetRows};
pub use error::StoreError;
pub use guards::{Announcement, JobCheckpoints, KnownAddresses, RateLimiter, ReservationAttempts};
pub use memory::MemoryStore;
pub use orders::{Orders, ParkOutcome, PlaceOutcome, Receipt, ReceiptSource, event_key};
pub use page::{Cursor, InvalidCursor, MAX_PAGE, Page, PageRequest};
pub use update::{UpdateError, update, update_from, update_with_receipt};
