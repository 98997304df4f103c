//! Why the embedded stack is not up.

use std::io;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// A file or a port.
    #[error("cannot use a file or a port")]
    Io(#[from] io::Error),
    /// The database.
    #[error("cannot start DynamoDB")]
    Dynamo(#[from] suite::DynamoError),
    /// The template.
    #[error("cannot wire the functions as the template says")]
    Template(#[from] suite::TemplateError),
    /// The stream of the orders' table.
    #[error(transparent)]
    Stream(#[from] suite::StreamError),
    /// Keys and tokens.
    #[error(transparent)]
    Accounts(#[from] crate::accounts::AccountsError),
    /// The functions' settings.
    #[error("cannot make sense of the {0}")]
    Setting(&'static str),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] resilience::HttpClientError),
    /// The first products and accounts.
    #[error("the stack cannot be filled")]
    Seed(#[from] crate::seed::SeedError),
    /// The queues of an earlier stack.
    #[error("cannot read what an earlier stack left; `cargo cis up --fresh` starts anew")]
    Checkpoint(#[from] serde_json::Error),
}
