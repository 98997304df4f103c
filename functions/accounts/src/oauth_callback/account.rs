//! Finds, links or creates the account of an external identity.

use domain::{Account, AccountMatches, CommandContext, CustomerId, ExternalIdentity, SignInOutcome};
use resilience::{Clock, Ids};
use sessions::command_context;
use store::{Accounts, SaveOutcome, StoreError};

use crate::oauth_callback::Failure;

/// Reads, decides and stores, and starts again after a concurrent write: of the same address, of the same identity in
/// another tab, or of the account.
pub(crate) async fn sign_in(
    accounts: &impl Accounts,
    provider: &str,
    external: &ExternalIdentity,
    clock: &impl Clock,
    ids: &impl Ids,
    correlation_id: &str,
) -> Result<Account, Failure> {
    let fresh = CustomerId::from_uuid(ids.fresh());
    api::settle(clock, ids, async || {
        let context = command_context(clock, ids, correlation_id);
        once(accounts, provider, external, fresh, &context).await
    })
    .await
}

async fn once(
    accounts: &impl Accounts,
    provider: &str,
    external: &ExternalIdentity,
    fresh: CustomerId,
    context: &CommandContext<'_>,
) -> Result<Account, Failure> {
    let found = found(accounts, external).await.map_err(ours)?;
    let change = match Account::sign_in_externally(external, found, fresh, provider, context)? {
        SignInOutcome::Known(account) => return Ok(account),
        SignInOutcome::Change(change) => change,
    };
    match accounts.save_account(&change).await.map_err(ours)? {
        SaveOutcome::Saved => change.after.ok_or_else(|| ours(StoreError::Conflict)),
        // The address or identity was just taken; the next attempt reads by which account.
        SaveOutcome::Taken | SaveOutcome::LinkGone => Err(ours(StoreError::Conflict)),
    }
}

async fn found(accounts: &impl Accounts, external: &ExternalIdentity) -> Result<AccountMatches, StoreError> {
    let by_identity = accounts.account_with_identity(&external.identity).await?;
    let by_email = match &external.verified_email {
        Some(email) if by_identity.is_none() => accounts.account_with_email(email).await?,
        _ => None,
    };
    Ok(AccountMatches { by_identity, by_email })
}

fn ours(error: StoreError) -> Failure {
    Failure::Ours(error.into())
}
