//! API keys.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, Update};
use domain::{AccountEvent, ApiKey, KeyId, Timestamp};
use resilience::{Ids, RandomIds};
use uuid::Uuid;

use super::DynamoAccounts;
use crate::accounts::listed_by;
use crate::dynamo::failure::{Failure, settle};
use crate::dynamo::item::{self, Assignments, WRITE_ID};
use crate::dynamo::keys::{self, API_KEYS, BY_LISTING, LISTING_KEY, PK, SK, SORT_KEY, number, text};
use crate::dynamo::table::{limit, names, read};
use crate::dynamo::transaction::{Outcome, Refusals, Transaction};
use crate::{ApiKeys, Page, PageRequest, StoreError};

/// Written by [`ApiKeys::record_use`] alone.
const LAST_USED_AT: &str = "last_used_at";

impl ApiKeys for DynamoAccounts {
    async fn api_key(&self, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        self.table.get(&keys::api_key(id)).await?.map(item::read).transpose()
    }

    async fn save_api_keys(&self, keys: &[ApiKey], events: &[AccountEvent]) -> Result<(), StoreError> {
        let write_id = RandomIds.fresh();
        let mut transaction = Transaction::default();
        let at_events = self.add_events(&mut transaction, events)?;
        let at_keys: Vec<_> =
            keys.iter().map(|key| self.set_key(&mut transaction, key, write_id)).collect::<Result<_, _>>()?;
        match transaction.commit(&self.table.client).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(refusals) if is_own(&refusals, &at_events, &at_keys, write_id) => Ok(()),
            Outcome::Refused(_) => Err(StoreError::Conflict),
        }
    }

    async fn record_use(&self, id: KeyId, at: Timestamp) -> Result<(), StoreError> {
        settle(async || self.note_once(id, at).await).await
    }

    async fn api_keys(&self, page: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let query = self.table.newest_first(BY_LISTING, LISTING_KEY, API_KEYS.to_owned(), page);
        let found = read(query.limit(limit(page.limit + 1)), page.limit + 1, usize::MAX).await?.items;
        Ok(Page::cut(found.into_iter().map(item::read).collect::<Result<_, _>>()?, page.limit, listed_by))
    }
}

impl DynamoAccounts {
    /// Adds a key's next version on condition that the stored one has the version before. It does not touch when the
    /// key was last used. Returns the position.
    fn set_key(&self, transaction: &mut Transaction, key: &ApiKey, write_id: Uuid) -> Result<usize, StoreError> {
        let place = keys::api_key(key.id);
        let mut fields = item::item(&place, key)?;
        fields.retain(|name, _| ![PK, SK, LAST_USED_AT].contains(&name.as_str()));
        fields.insert(LISTING_KEY.to_owned(), text(API_KEYS));
        fields.insert(SORT_KEY.to_owned(), text(listed_by(key)));
        fields.insert(WRITE_ID.to_owned(), item::mark(write_id));
        let set = Assignments::of(fields, |name, value| format!("{name} = {value}"));
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(place.attributes()))
            .update_expression(set.expression)
            .set_expression_attribute_names(Some(set.names))
            .set_expression_attribute_values(Some(set.values));
        let update = match key.version.checked_sub(1).ok_or(StoreError::Conflict)? {
            0 => update.condition_expression("attribute_not_exists(#pk)").expression_attribute_names("#pk", PK),
            previous => update
                .condition_expression("#version = :previous")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":previous", number(previous)),
        };
        let update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(transaction.update(update.build()?))
    }

    async fn note_once(&self, id: KeyId, at: Timestamp) -> Result<(), Failure> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(keys::api_key(id).attributes()))
            .update_expression("SET #at = :at")
            .condition_expression("attribute_exists(#pk) AND (attribute_not_exists(#at) OR #at < :at)")
            .set_expression_attribute_names(Some(names(&[("#pk", PK), ("#at", LAST_USED_AT)])))
            .expression_attribute_values(":at", text(at.to_string()));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // The key is gone, or was used later.
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}

/// Whether the conditions failed because the write took effect before and its answer was lost.
fn is_own(refusals: &Refusals, at_events: &[usize], at_keys: &[usize], write_id: Uuid) -> bool {
    let is_marked = |position: &usize| refusals.at(*position).is_some_and(|it| item::was_written_by(it, write_id));
    at_events.iter().any(|position| refusals.at(*position).is_some()) || at_keys.iter().any(is_marked)
}
