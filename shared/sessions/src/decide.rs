//! From a request to a decision that is stored.

use api::ApiError;
use domain::{Account, AccountChange, EventId, Link, LinkId, Occasion};
use resilience::{Clock, Ids};
use store::{AccountSaved, Accounts, StoreError};

/// The present occasion, with fresh ids.
pub fn occasion<'a>(clock: &impl Clock, ids: &impl Ids, correlation_id: &'a str) -> Occasion<'a> {
    let (event, link) = (EventId::from_uuid(ids.fresh()), LinkId::from_uuid(ids.fresh()));
    Occasion { event, link, correlation_id, now: clock.now() }
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
/// [`StoreError::Conflict`], for [`api::settle`], when others wrote in between, also where an address was taken just now:
/// what was read is no longer so. 400 when the link is used up. 503 when the table is down.
pub async fn save(accounts: &impl Accounts, change: &AccountChange) -> Result<(), ApiError> {
    match accounts.save_account(change).await? {
        AccountSaved::Saved => Ok(()),
        AccountSaved::Taken => Err(StoreError::Conflict.into()),
        AccountSaved::LinkGone => Err(ApiError::LinkInvalid),
    }
}
