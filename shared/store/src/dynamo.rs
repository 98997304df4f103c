//! The repositories on DynamoDB.
//!
//! Rules that hold throughout: an order, its events and the stock it moves are written in one transaction, and so are
//! an account, its events and its claim on an address. Every write leaves a mark, and a write whose condition fails
//! looks for its own mark first, because the SDK repeats a request whose answer was lost (see
//! [`settle`](failure::settle)). Nothing is scanned; every read that grows is paged.

mod accounts;
mod attempts;
mod catalogue;
mod failure;
mod guards;
mod item;
mod keys;
mod mails;
mod orders;
mod rows;
mod schema;
mod table;
mod transaction;

pub use accounts::DynamoAccounts;
pub use catalogue::DynamoCatalogue;
pub use guards::DynamoGuards;
pub use orders::DynamoOrders;
pub use schema::{CreateTablesError, IndexSchema, TableNames, TableSchema, create_tables, schemas};

use aws_sdk_dynamodb::Client;
use table::Table;

/// The effects table: mails and sheet rows.
#[derive(Clone, Debug)]
pub struct DynamoEffects {
    table: Table,
}

impl DynamoEffects {
    /// Uses the effects table with this name.
    pub fn new(client: &Client, effects_table: impl Into<String>) -> Self {
        Self { table: Table::new(client, effects_table) }
    }
}
