//! Mail effects on DynamoDB.

use domain::{MailEffect, MailEffectId, OrderId};

use super::keys::{self, MAIL};
use super::table::read_all;
use super::{DynamoEffects, item};
use crate::{MailEffects, StoreError};

impl MailEffects for DynamoEffects {
    async fn mail(&self, id: MailEffectId) -> Result<Option<MailEffect>, StoreError> {
        self.table.get(&keys::mail(id)).await?.map(item::read).transpose()
    }

    async fn save_mail(&self, effect: &MailEffect) -> Result<(), StoreError> {
        let previous = effect.version.checked_sub(1).ok_or(StoreError::Conflict)?;
        self.table.put_version(item::item(&keys::mail(effect.id), effect)?, previous).await
    }

    async fn mails_about(&self, order: OrderId) -> Result<Vec<MailEffect>, StoreError> {
        let found = read_all(self.table.query_prefix(&order, MAIL)).await?;
        let mut mails: Vec<MailEffect> = found.into_iter().map(item::read).collect::<Result<_, _>>()?;
        mails.sort_by_key(|mail| mail.id);
        Ok(mails)
    }
}
