//! From a request to a decision that is stored.

use api::ApiError;
use domain::{Account, AccountChange, CommandContext, EventId, Link, LinkId};
use resilience::{Clock, Ids};
use store::{Accounts, SaveOutcome, StoreError};

/// The present occasion, with fresh ids.
pub fn command_context<'a>(clock: &impl Clock, ids: &impl Ids, correlation_id: &'a str) -> CommandContext<'a> {
    let (event, link) = (EventId::from_uuid(ids.fresh()), LinkId::from_uuid(ids.fresh()));
    CommandContext { event, link, correlation_id, now: clock.now() }
}

/// The link that was mailed, and whose it is.
///
/// # Errors
///
/// 400 when either is gone, 503 when the table is down.
pub async fn linked(accounts: &impl Accounts, id: LinkId) -> Result<(Link, Account), ApiError> {
    let link = accounts.link(id).await?.ok_or(ApiError::LinkInvalid)?;
    let account = accounts.account(link.account).await?.ok_or(ApiError::LinkInvalid)?;
    Ok((link, account))
}

/// Stores a change.
///
/// # Errors
///
/// [`StoreError::Conflict`], for [`api::settle`], after a concurrent write, also when the address was just taken: what
/// was read is outdated. 400 when the link is used up. 503 when the table is down.
pub async fn save(accounts: &impl Accounts, change: &AccountChange) -> Result<(), ApiError> {
    match accounts.save_account(change).await? {
        SaveOutcome::Saved => Ok(()),
        SaveOutcome::Taken => Err(StoreError::Conflict.into()),
        SaveOutcome::LinkGone => Err(ApiError::LinkInvalid),
    }
}
