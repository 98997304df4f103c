//! `cargo cis bench`: what each call of the API costs, and each step that follows from it.
//!
//! The real handlers run in this process over the real AWS SDK and a local DynamoDB in memory, one call after the other
//! and nothing failing; providers are the sandbox. What is counted is what left the handlers.

use clap::Args;
use resilience::TransportError;
use store::StoreError;
use suite::{DynamoError, StreamError, TemplateError};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::accounts::AccountsError;
use meter::Meter;
use world::World;

mod access;
mod accounts;
mod call;
mod catalogue;
mod clock;
mod expiry;
mod invoices;
mod meter;
mod orders;
mod report;
mod running;
mod stores;
#[cfg(test)]
mod tests;
mod world;

/// What to print.
#[derive(Clone, Copy, Debug, Args)]
pub struct Options {
    /// Prints each request below its call.
    #[arg(long)]
    requests: bool,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The local DynamoDB.
    #[error(transparent)]
    Dynamo(#[from] DynamoError),
    /// The template's file.
    #[error("cannot read the template")]
    Files(#[from] std::io::Error),
    /// What it says.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Keys and tokens.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A request that cannot be made.
    #[error("cannot make a request")]
    Request(#[from] http::Error),
    /// A table's stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A repository.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox does not answer.
    #[error("the sandbox does not answer")]
    Sandbox(#[from] TransportError),
    /// Another answer than that of a call that goes well.
    #[error("{call} answered {status}: {body}")]
    Answered {
        /// The route.
        call: String,
        /// HTTP status.
        status: u16,
        /// What it says.
        body: String,
    },
    /// A function failed, or refused a webhook.
    #[error("{0} failed: {1}")]
    Failed(String, String),
    /// An answer or a mail lacks something.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The template has more than is measured here.
    #[error("not measured: {0}")]
    NotMeasured(String),
}

/// Makes every call once, and prints what each one cost.
///
/// # Errors
///
/// A call does not go well, or the template has one that is not made here.
pub async fn bench(options: Options) -> Result<(), BenchError> {
    let meter = Meter::default();
    let _following = tracing::subscriber::set_default(Registry::default().with(meter.running().clone()));
    let mut world = World::open(meter).await?;
    all_calls(&mut world).await?;
    println!("{}", report::print(world.sections(), world.guards_table(), options.requests));
    let left = report::not_measured(world.sections(), world.wiring());
    if left.is_empty() { Ok(()) } else { Err(BenchError::NotMeasured(left.join(", "))) }
}

async fn all_calls(world: &mut World) -> Result<(), BenchError> {
    catalogue::calls(world).await?;
    orders::calls(world).await?;
    invoices::calls(world).await?;
    accounts::calls(world).await?;
    expiry::calls(world).await
}
