//! `cargo cis token`: an access token for development.

use std::time::Duration;

use auth::Role;
use clap::Args;

use crate::accounts::{Accounts, AccountsError};

/// Whose token.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// customer, staff or admin.
    #[arg(long, default_value = "customer")]
    role: Role,
    /// `cus_…` or `usr_…`; the role's demo account without it.
    #[arg(long)]
    id: Option<String>,
    /// The lifetime in hours.
    #[arg(long, default_value_t = 12)]
    hours: u32,
}

/// The token.
///
/// # Errors
///
/// The id is not of the role's kind, or the signing key cannot be kept.
pub fn token(options: &Options) -> Result<String, AccountsError> {
    let lifetime = Duration::from_secs(u64::from(options.hours) * 3600);
    Accounts::load()?.token(options.role, options.id.as_deref(), lifetime)
}
