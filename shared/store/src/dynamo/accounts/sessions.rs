//! Sessions, and sign-ins in progress.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{AccountId, Session, SessionId, SignInFlow};
use resilience::{Ids, RandomIds};
use uuid::Uuid;

use super::{DynamoAccounts, passing};
use crate::dynamo::failure::{Failure, settle};
use crate::dynamo::item;
use crate::dynamo::keys::{self, Item, Key, PK, SESSION};
use crate::dynamo::table::{names, read_all};
use crate::{Sessions, StoreError};

/// The mark of the write that took a sign-in out.
const TAKEN_BY: &str = "taken_by";

impl Sessions for DynamoAccounts {
    async fn session(&self, account: AccountId, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.table.get(&keys::session(account, id)).await?.map(item::read).transpose()
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        read_all(self.table.query_prefix(&keys::sessions(account), SESSION))
            .await?
            .into_iter()
            .map(item::read)
            .collect()
    }

    async fn save_session(&self, session: &Session) -> Result<(), StoreError> {
        let previous = session.version.checked_sub(1).ok_or(StoreError::Conflict)?;
        let item = passing(&keys::session(session.account, session.id), session, session.expires_at)?;
        self.table.put_version(item, previous).await
    }

    async fn end_session(&self, account: AccountId, id: SessionId) -> Result<(), StoreError> {
        let key = keys::session(account, id).attributes();
        settle(async || {
            let delete = self.table.client.delete_item().table_name(&self.table.name).set_key(Some(key.clone()));
            Ok(delete.send().await.map(drop)?)
        })
        .await
    }

    async fn keep_flow(&self, flow: &SignInFlow) -> Result<(), StoreError> {
        let item = passing(&keys::flow(&flow.state_hash), flow, flow.expires_at)?;
        settle(async || {
            let put = self.table.client.put_item().table_name(&self.table.name).set_item(Some(item.clone()));
            Ok(put.send().await.map(drop)?)
        })
        .await
    }

    async fn take_flow(&self, state_hash: &str) -> Result<Option<SignInFlow>, StoreError> {
        let (key, write_id) = (keys::flow(state_hash), RandomIds.fresh());
        settle(async || self.take_once(&key, write_id).await).await?.map(item::read).transpose()
    }
}

impl DynamoAccounts {
    /// Marks the sign-in as taken, on condition that it is not. It is deleted later, when it expires: a caller that
    /// deleted it at once and lost the answer would have lost the sign-in.
    async fn take_once(&self, key: &Key, write_id: Uuid) -> Result<Option<Item>, Failure> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .update_expression("SET #taken_by = :write_id")
            .condition_expression("attribute_exists(#pk) AND attribute_not_exists(#taken_by)")
            .set_expression_attribute_names(Some(names(&[("#pk", PK), ("#taken_by", TAKEN_BY)])))
            .expression_attribute_values(":write_id", item::mark(write_id))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(answer) => Ok(answer.attributes),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                    let own = |stored: &&Item| stored.get(TAKEN_BY) == Some(&item::mark(write_id));
                    Ok(refusal.item().filter(own).cloned())
                }
                _ => Err(error.into()),
            },
        }
    }
}
