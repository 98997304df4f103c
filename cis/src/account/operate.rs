//! What an operator does with an account that is there: disable, enable, another role, sessions.

use std::fmt::Write as _;
use std::str::FromStr;

use clap::Args;
use domain::{Account, AccountChange, AccountId, EmailAddress, Role, Timestamp};
use resilience::{Clock as _, RandomIds, SystemClock};
use store::{Accounts, ApiKeys, PageRequest, SaveOutcome, StoreError};

use super::{AccountError, Place};

/// What an access token that was given out before can still do; nothing is asked about it.
const TOKENS: &str = "access tokens that it has work until they expire, for up to 15 minutes, and a minute more while \
    API Gateway remembers them";
/// Keys in one page of their list.
const PAGE: usize = 100;

/// Which account.
#[derive(Clone, Debug, Args)]
pub struct Subject {
    /// Its email address or its id (`cus_…`, `usr_…`).
    pub who: Who,
    #[command(flatten)]
    pub place: Place,
}

/// Which role for which account.
#[derive(Clone, Debug, Args)]
pub struct NewRole {
    /// Its email address or its id (`usr_…`).
    pub who: Who,
    /// staff or admin.
    pub role: Role,
    #[command(flatten)]
    pub place: Place,
}

/// Whose sessions, and whether they end.
#[derive(Clone, Debug, Args)]
pub struct Sessions {
    /// Its email address or its id (`cus_…`, `usr_…`).
    pub who: Who,
    /// Ends them all.
    #[arg(long)]
    pub end: bool,
    #[command(flatten)]
    pub place: Place,
}

/// An account as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By its id.
    Id(AccountId),
    /// By its address.
    Email(EmailAddress),
}

impl FromStr for Who {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.parse().map(Self::Id);
        id.or_else(|_| text.parse().map(Self::Email)).map_err(|_| "neither an email address nor an account's id")
    }
}

/// Closes an account.
///
/// # Errors
///
/// There is no such account, or the table fails.
pub async fn disable(store: &(impl Accounts + ApiKeys), who: &Who) -> Result<String, AccountError> {
    let (account, changed) = change(store, who, |account, now| Ok(account.disable(now))).await?;
    let mut said = if changed {
        format!("{} is disabled and its sessions have ended; {TOKENS}", name(&account))
    } else {
        format!("{} is disabled already", name(&account))
    };
    for (id, name) in keys_of(store, account.id).await? {
        write!(said, "\nits API key {id} ({name}) stays valid: DELETE /v1/api-keys/{id} revokes it").ok();
    }
    Ok(said)
}

/// Opens a disabled account again.
///
/// # Errors
///
/// There is no such account, or the table fails.
pub async fn enable(store: &impl Accounts, who: &Who) -> Result<String, AccountError> {
    let (account, changed) = change(store, who, |account, now| Ok(account.enable(now))).await?;
    let outcome = if changed { "can sign in again" } else { "is not disabled" };
    Ok(format!("{} {outcome}", name(&account)))
}

/// Gives an account another role.
///
/// # Errors
///
/// There is no such account, the role is not one for it, or the table fails.
pub async fn assign_role(store: &impl Accounts, who: &Who, role: Role) -> Result<String, AccountError> {
    let (account, changed) = change(store, who, |account, now| Ok(account.assign_role(role, now)?)).await?;
    Ok(if changed {
        format!("{} is {role} now and its sessions have ended; {TOKENS}", name(&account))
    } else {
        format!("{} is {role} already", name(&account))
    })
}

/// Lists an account's sessions, one a line, or ends them.
///
/// # Errors
///
/// There is no such account, or the table fails.
pub async fn sessions(store: &(impl Accounts + store::Sessions), who: &Who, end: bool) -> Result<String, AccountError> {
    let (account, now) = (find(store, who).await?, SystemClock.now());
    let mut live = store.sessions_of(account.id).await?;
    live.retain(|session| !session.is_over(&account, now));
    live.sort_by_key(|session| session.created_at);
    let mut said = format!("{}, sessions: {}", name(&account), live.len());
    for session in &live {
        let (from, used, until) = (session.created_at, session.rotated_at, session.expires_at);
        write!(said, "\n{}  signed in {from}, last refreshed {used}, ends {until}", session.id).ok();
    }
    if end {
        change(store, &Who::Id(account.id), |account, now| Ok(Some(account.end_sessions(now)))).await?;
        write!(said, "\nthey have ended; {TOKENS}").ok();
    }
    Ok(said)
}

/// Stores what is decided, again after a concurrent write: the account as it is then, and whether it changed.
async fn change(
    store: &impl Accounts,
    who: &Who,
    decide: impl Fn(&Account, Timestamp) -> Result<Option<AccountChange>, AccountError>,
) -> Result<(Account, bool), AccountError> {
    api::settle(&SystemClock, &RandomIds, async || {
        let account = find(store, who).await?;
        let Some(change) = decide(&account, SystemClock.now())? else { return Ok((account, false)) };
        match store.save_account(&change).await? {
            SaveOutcome::Saved => Ok((change.after.unwrap_or(account), true)),
            SaveOutcome::Taken | SaveOutcome::LinkGone => Err(StoreError::Conflict.into()),
        }
    })
    .await
}

async fn find(store: &impl Accounts, who: &Who) -> Result<Account, AccountError> {
    let found = match who {
        Who::Id(id) => store.account(*id).await?,
        Who::Email(email) => store.account_with_email(email).await?,
    };
    found.ok_or(AccountError::Missing)
}

/// Ids and names of the valid keys that it made.
async fn keys_of(store: &impl ApiKeys, account: AccountId) -> Result<Vec<(String, String)>, StoreError> {
    let (mut keys, now) = (Vec::new(), SystemClock.now());
    let mut page = PageRequest { limit: PAGE, after: None };
    loop {
        let listed = store.api_keys(&page).await?;
        let valid = listed.items.into_iter().filter(|key| key.revoked_at.is_none() && now < key.expires_at);
        let theirs = valid.filter(|key| AccountId::User(key.created_by) == account);
        keys.extend(theirs.map(|key| (key.id.to_string(), key.name)));
        page.after = listed.next;
        if page.after.is_none() {
            return Ok(keys);
        }
    }
}

fn name(account: &Account) -> String {
    format!("{} ({}, {})", account.id, account.role, account.email.as_str())
}

#[cfg(test)]
mod tests {
    use domain::{Session, SessionId, TokenHash};
    use store::{MemoryStore, Sessions as _};

    use super::*;
    use crate::account::{Person, add};

    const ID: &str = "usr_00000000000000000000000000000001";
    const EMAIL: &str = "Sam@shop.example";

    async fn stored() -> MemoryStore {
        let store = MemoryStore::default();
        let password = "tea for two, please".to_owned();
        let person = Person { id: ID.parse().unwrap(), role: Role::Staff, email: EMAIL.parse().unwrap(), password };
        add(&store, &person).await.unwrap();
        store
    }

    fn who(text: &str) -> Who {
        text.parse().unwrap()
    }

    async fn sign_in(store: &MemoryStore, number: u32) {
        let account = find(store, &who(ID)).await.unwrap();
        let id: SessionId = format!("ses_{number:032x}").parse().unwrap();
        store.save_session(&Session::begin(id, &account, TokenHash(String::new()), SystemClock.now())).await.unwrap();
    }

    #[test]
    fn accounts_are_named_by_address_or_id() {
        assert_eq!(who(EMAIL), Who::Email(EMAIL.parse().unwrap()));
        assert_eq!(who(ID), Who::Id(ID.parse().unwrap()));
        for text in ["", "sam", "ord_00000000000000000000000000000001"] {
            assert!(text.parse::<Who>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn whoever_is_disabled_has_no_session_left_until_a_sign_in_after_being_enabled() {
        let store = stored().await;
        sign_in(&store, 1).await;
        assert!(sessions(&store, &who(EMAIL), false).await.unwrap().contains("sessions: 1\nses_"));
        assert!(disable(&store, &who("sam@shop.example")).await.unwrap().contains("is disabled and its sessions"));
        assert!(disable(&store, &who(ID)).await.unwrap().ends_with("is disabled already"));
        assert!(sessions(&store, &who(ID), false).await.unwrap().ends_with("sessions: 0"));
        assert!(enable(&store, &who(ID)).await.unwrap().ends_with("can sign in again"));
        assert!(enable(&store, &who(ID)).await.unwrap().ends_with("is not disabled"));
        assert!(sessions(&store, &who(ID), false).await.unwrap().ends_with("sessions: 0"), "those of before are over");
        sign_in(&store, 2).await;
        assert!(sessions(&store, &who(ID), true).await.unwrap().contains("sessions: 1\nses_"));
        assert!(sessions(&store, &who(ID), false).await.unwrap().ends_with("sessions: 0"));
    }

    #[tokio::test]
    async fn a_role_changes_with_the_end_of_the_sessions_and_never_to_a_customers() {
        let store = stored().await;
        sign_in(&store, 1).await;
        assert!(assign_role(&store, &who(ID), Role::Admin).await.unwrap().contains("is admin now"));
        assert_eq!(find(&store, &who(ID)).await.unwrap().role, Role::Admin);
        assert!(sessions(&store, &who(ID), false).await.unwrap().ends_with("sessions: 0"));
        let refused = assign_role(&store, &who(ID), Role::Customer).await;
        assert!(matches!(refused, Err(AccountError::Role(_))));
        assert!(matches!(disable(&store, &who("nobody@shop.example")).await, Err(AccountError::Missing)));
    }
}
