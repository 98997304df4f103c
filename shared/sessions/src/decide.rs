//! From a request to a decision that is stored.

use domain::{Account, AccountChange, CommandContext, EventId, Link, LinkId};
use resilience::{Clock, Ids};
use store::{Accounts, SaveOutcome, StoreError};

use crate::SessionError;

/// The present occasion, with fresh ids.
pub fn command_context<'a>(clock: &impl Clock, ids: &impl Ids, correlation_id: &'a str) -> CommandContext<'a> {
    let (event, link) = (EventId::from_uuid(ids.fresh()), LinkId::from_uuid(ids.fresh()));
    CommandContext { event, link, correlation_id, now: clock.now() }
}

/// The link that was mailed, and whose it is.
///
/// # Errors
///
/// Either is gone, or the table is down.
pub async fn linked(accounts: &impl Accounts, id: LinkId) -> Result<(Link, Account), SessionError> {
    let link = accounts.link(id).await?.ok_or(SessionError::LinkInvalid)?;
    let account = accounts.account(link.account).await?.ok_or(SessionError::LinkInvalid)?;
    Ok((link, account))
}

/// Stores a change.
///
/// # Errors
///
/// [`StoreError::Conflict`], for [`api::settle`], after a concurrent write, also when the address was just taken: what
/// was read is outdated. The link is used up, or the table is down.
pub async fn save(accounts: &impl Accounts, change: &AccountChange) -> Result<(), SessionError> {
    match accounts.save_account(change).await? {
        SaveOutcome::Saved => Ok(()),
        SaveOutcome::Taken => Err(StoreError::Conflict.into()),
        SaveOutcome::LinkGone => Err(SessionError::LinkInvalid),
    }
}
