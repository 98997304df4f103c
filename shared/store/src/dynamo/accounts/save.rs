//! Saves a change of an account with its claim on address and identities, its events and links.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Delete, Put};
use domain::{Account, AccountChange, AccountId};
use resilience::{Ids, RandomIds};
use uuid::Uuid;

use super::{DynamoAccounts, OwnerItem, passing};
use crate::dynamo::item::{self, WRITE_ID};
use crate::dynamo::keys::{self, Key, number};
use crate::dynamo::transaction::{Outcome, Refusals, Transaction};
use crate::{SaveOutcome, StoreError};

/// The positions of a change's conditions in its transaction.
struct Positions {
    events: Vec<usize>,
    used_link: Option<usize>,
    account: Option<usize>,
    taken: Vec<usize>,
}

impl DynamoAccounts {
    pub(super) async fn save_change(&self, change: &AccountChange) -> Result<SaveOutcome, StoreError> {
        let write_id = RandomIds.fresh();
        let mut transaction = Transaction::default();
        let positions = Positions {
            events: self.add_events(&mut transaction, &change.events)?,
            used_link: self.use_up(&mut transaction, change)?,
            account: self.write_account(&mut transaction, change, write_id)?,
            taken: self.move_holds(&mut transaction, change)?,
        };
        if let Some(link) = &change.link {
            let item = passing(&keys::link(link.id), link, link.expires_at)?;
            transaction.put(Put::builder().table_name(&self.table.name).set_item(Some(item)).build()?);
        }
        match transaction.commit(&self.table.client).await? {
            Outcome::Committed => Ok(SaveOutcome::Saved),
            Outcome::Refused(refusals) => explain(&refusals, &positions, write_id),
        }
    }

    fn use_up(&self, transaction: &mut Transaction, change: &AccountChange) -> Result<Option<usize>, StoreError> {
        change.uses.map(|id| self.table.add_removal(transaction, &keys::link(id))).transpose()
    }

    /// Adds the account's next version or its deletion. Returns the position; `None` when the change does not touch the
    /// account.
    fn write_account(
        &self,
        transaction: &mut Transaction,
        change: &AccountChange,
        write_id: Uuid,
    ) -> Result<Option<usize>, StoreError> {
        match (&change.before, &change.after) {
            (_, Some(after)) => {
                let mut item = item::item(&keys::account(after.id), after)?;
                item.insert(WRITE_ID.to_owned(), item::mark(write_id));
                let previous = crate::accounts::previous_version(change)?;
                self.table.add_version(transaction, item, previous).map(Some)
            }
            (Some(before), None) => self.erase(transaction, before).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn erase(&self, transaction: &mut Transaction, before: &Account) -> Result<usize, StoreError> {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::account(before.id).attributes()))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(before.version));
        Ok(transaction.delete(delete.build()?))
    }

    /// Adds the release of what the account gives up and the claim on what it takes, on condition that it is free.
    /// Returns the positions of the claims. The account's version guards what it owns already.
    fn move_holds(&self, transaction: &mut Transaction, change: &AccountChange) -> Result<Vec<usize>, StoreError> {
        let (before, after) = (holds(change.before.as_ref()), holds(change.after.as_ref()));
        for key in before.difference(&after) {
            let delete = Delete::builder().table_name(&self.table.name).set_key(Some(key.attributes()));
            transaction.delete(delete.build()?);
        }
        let Some(account) = change.after.as_ref().map(|account| account.id) else { return Ok(Vec::new()) };
        after.difference(&before).map(|key| self.hold(transaction, key, account)).collect()
    }

    fn hold(&self, transaction: &mut Transaction, key: &Key, account: AccountId) -> Result<usize, StoreError> {
        self.table.add_new(transaction, item::item(key, &OwnerItem { account })?)
    }
}

/// What no two accounts may share: the address and the identities.
fn holds(account: Option<&Account>) -> BTreeSet<Key> {
    let held = |account: &Account| {
        let identities = account.identities.iter().map(keys::identity);
        identities.chain([keys::email(&account.email)]).collect()
    };
    account.map(held).unwrap_or_default()
}

/// Why nothing was written. It first looks for an earlier write of its own whose answer was lost; of several reasons it
/// reports the one that no other decision could avoid.
fn explain(refusals: &Refusals, at: &Positions, write_id: Uuid) -> Result<SaveOutcome, StoreError> {
    let stored = at.account.and_then(|position| refusals.at(position));
    let refused = |position: &usize| refusals.at(*position).is_some();
    if at.events.iter().any(refused) || stored.is_some_and(|stored| item::was_written_by(stored, write_id)) {
        return Ok(SaveOutcome::Saved);
    }
    if at.used_link.as_ref().is_some_and(refused) {
        return Ok(SaveOutcome::LinkGone);
    }
    if stored.is_some() {
        return Err(StoreError::Conflict);
    }
    if at.taken.iter().any(refused) {
        return Ok(SaveOutcome::Taken);
    }
    Err(StoreError::Unavailable("a transaction failed on a condition that it does not have".into()))
}
