//! Accounts, sessions and API keys on DynamoDB.

mod api_keys;
mod save;
mod sessions;

use aws_sdk_dynamodb::Client;
use domain::{Account, AccountChange, AccountEvent, AccountId, CustomerId, EmailAddress, Identity, Link, LinkId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::item;
use super::keys::{self, Item, Key, TTL};
use super::table::Table;
use super::transaction::Transaction;
use crate::{Accounts, SaveOutcome, StoreError};

/// The identity table: accounts with all that belongs to them, sessions and API keys.
#[derive(Clone, Debug)]
pub struct DynamoAccounts {
    table: Table,
}

/// An id that no account has, since ids are random.
const NOBODY: AccountId = AccountId::Customer(CustomerId::from_uuid(Uuid::nil()));

/// The account that owns an address or an OpenID identity.
#[derive(Serialize, Deserialize)]
struct OwnerItem {
    account: AccountId,
}

impl DynamoAccounts {
    /// Uses the identity table with this name.
    pub fn new(client: &Client, identity_table: impl Into<String>) -> Self {
        Self { table: Table::new(client, identity_table) }
    }

    /// The account that owns this key. When there is none, a missing account is read instead: the time must not reveal
    /// who has an account.
    async fn holder(&self, key: &Key) -> Result<Option<Account>, StoreError> {
        let held = self.table.get(key).await?.map(item::read::<OwnerItem>).transpose()?;
        self.account(held.map_or(NOBODY, |held| held.account)).await
    }

    /// Adds events, each on condition that it is not stored yet: their ids are created with the change, so a stored
    /// event shows that the whole change is. Returns the positions.
    fn add_events(&self, transaction: &mut Transaction, events: &[AccountEvent]) -> Result<Vec<usize>, StoreError> {
        let add = |event: &AccountEvent| {
            let item = item::event(&keys::account_event(event), event)?;
            self.table.add_new(transaction, item)
        };
        events.iter().map(add).collect()
    }
}

/// An item that DynamoDB may delete once it has expired.
fn passing(key: &Key, value: &impl Serialize, until: domain::Timestamp) -> Result<Item, StoreError> {
    let mut item = item::item(key, value)?;
    item.insert(TTL.to_owned(), keys::ttl(until));
    Ok(item)
}

impl Accounts for DynamoAccounts {
    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.table.get(&keys::account(id)).await?.map(item::read).transpose()
    }

    async fn account_with_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        let found = self.holder(&keys::email(email)).await?;
        // Between the two reads the account may have changed its address.
        Ok(found.filter(|account| account.email.lower_case() == email.lower_case()))
    }

    async fn account_with_identity(&self, identity: &Identity) -> Result<Option<Account>, StoreError> {
        let found = self.holder(&keys::identity(identity)).await?;
        Ok(found.filter(|account| account.identities.contains(identity)))
    }

    async fn save_account(&self, change: &AccountChange) -> Result<SaveOutcome, StoreError> {
        self.save_change(change).await
    }

    async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        self.table.get(&keys::link(id)).await?.map(item::read).transpose()
    }
}
