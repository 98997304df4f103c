//! The DynamoDB side of the repositories.
//!
//! Rules that hold throughout: an order, its events and the stock it moves are written in one transaction, as are an
//! account, its events and its hold on an address; every write leaves a mark, and one that fails on its condition looks for its own mark first, because the SDK repeats a request
//! whose answer was lost (docs: [`settle`](failure::settle)); nothing is scanned; every read that grows is paged.

mod accounts;
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

/// Mails and sheet rows in the effects table.
#[derive(Clone, Debug)]
pub struct DynamoEffects {
    table: Table,
}

impl DynamoEffects {
    /// Over the effects table with this name.
    pub fn new(client: &Client, effects_table: impl Into<String>) -> Self {
        Self { table: Table::new(client, effects_table) }
    }
}
