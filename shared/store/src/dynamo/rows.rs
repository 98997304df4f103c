//! Rows of the sheet on DynamoDB: each number is assigned once, without gaps.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::Update;
use domain::{OrderId, Timestamp};
use resilience::{Clock, Ids, Policy, RandomIds, SystemClock};

use super::failure::{Failure, settle};
use super::keys::{self, Item, Key, ROW, number, text};
use super::table::{names, read_all};
use super::transaction::{Outcome, Transaction};
use super::{DynamoEffects, item};
use crate::{RowClaim, SheetRow, SheetRows, StoreError};

/// Counts the assigned rows; the header is the first.
const LAST_ROW: &str = "last_row";
/// The header's row.
const HEADER: u32 = 1;
/// The order that owns the row.
const ORDER_ID: &str = "order_id";

/// What is known before numbers are assigned.
struct KnownRows {
    rows: BTreeMap<OrderId, u32>,
    /// `None` when this sheet has no counter yet.
    last: Option<u32>,
}

impl KnownRows {
    fn read(items: &[Item]) -> Result<Self, StoreError> {
        let mut known = Self { rows: BTreeMap::new(), last: None };
        for stored in items {
            if stored.contains_key(LAST_ROW) {
                known.last = Some(item::number_of(stored, LAST_ROW)?);
            } else {
                let order = item::text_of(stored, ORDER_ID)?.parse().map_err(|_| item::corrupt(&"a row"))?;
                known.rows.insert(order, item::number_of(stored, "row")?);
            }
        }
        Ok(known)
    }

    fn claims(&self, orders: &[OrderId]) -> Vec<RowClaim> {
        let claim = |id: &OrderId| self.rows.get(id).map(|row| RowClaim { order_id: *id, row: *row });
        orders.iter().filter_map(claim).collect()
    }
}

impl SheetRows for DynamoEffects {
    async fn rows(&self, spreadsheet_id: &str, orders: &[OrderId]) -> Result<Vec<RowClaim>, StoreError> {
        let mut pause = Policy::CONFLICT.first;
        for _ in 0..Policy::CONFLICT.attempts {
            let wanted = orders.iter().map(|id| keys::row(*id, spreadsheet_id)).chain([keys::counter(spreadsheet_id)]);
            let mut known = KnownRows::read(&self.table.get_all(wanted).await?)?;
            let last = known.last.unwrap_or(HEADER);
            let new: Vec<_> =
                orders.iter().filter(|id| !known.rows.contains_key(id)).copied().zip(last + 1..).collect();
            if new.is_empty() || self.give_away(spreadsheet_id, known.last, &new).await? {
                known.rows.extend(new);
                return Ok(known.claims(orders));
            }
            SystemClock.sleep(RandomIds.jitter(pause)).await;
            pause = pause.saturating_mul(2).min(Policy::CONFLICT.max);
        }
        Err(StoreError::Unavailable("others kept taking the next rows".into()))
    }

    async fn row_written(
        &self,
        spreadsheet_id: &str,
        order: OrderId,
        version: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let key = keys::row(order, spreadsheet_id);
        settle(async || self.note_written(&key, version, at).await).await
    }

    async fn rows_of(&self, order: OrderId) -> Result<Vec<SheetRow>, StoreError> {
        read_all(self.table.query_prefix(&order, ROW)).await?.into_iter().map(item::read).collect()
    }
}

impl DynamoEffects {
    /// Assigns the numbers if the counter has not moved since it was read. Returns false when it has.
    async fn give_away(
        &self,
        spreadsheet_id: &str,
        seen: Option<u32>,
        new: &[(OrderId, u32)],
    ) -> Result<bool, StoreError> {
        let mut transaction = Transaction::default();
        transaction.update(self.move_counter(spreadsheet_id, seen, new)?);
        for (order, row) in new {
            let (spreadsheet, written_at) = (spreadsheet_id.to_owned(), Timestamp::default());
            let row = SheetRow { spreadsheet_id: spreadsheet, row: *row, written_version: 0, written_at };
            let mut stored = item::item(&keys::row(*order, spreadsheet_id), &row)?;
            stored.insert(ORDER_ID.to_owned(), text(order.to_string()));
            self.table.add_new(&mut transaction, stored)?;
        }
        Ok(matches!(transaction.commit(&self.table.client).await?, Outcome::Committed))
    }

    fn move_counter(
        &self,
        spreadsheet_id: &str,
        seen: Option<u32>,
        new: &[(OrderId, u32)],
    ) -> Result<Update, StoreError> {
        let last = new.last().map_or(HEADER, |(_, row)| *row);
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::counter(spreadsheet_id).attributes()))
            .update_expression("SET #last = :last")
            .expression_attribute_names("#last", LAST_ROW)
            .expression_attribute_values(":last", number(last));
        let update = match seen {
            None => update.condition_expression("attribute_not_exists(#last)"),
            Some(seen) => {
                update.condition_expression("#last = :seen").expression_attribute_values(":seen", number(seen))
            }
        };
        Ok(update.build()?)
    }

    async fn note_written(&self, row: &Key, version: u64, at: Timestamp) -> Result<(), Failure> {
        let update = self
            .table
            .client
            .update_item()
            .table_name(&self.table.name)
            .set_key(Some(row.attributes()))
            .update_expression("SET #version = :version, #at = :at")
            .condition_expression("#version < :version")
            .set_expression_attribute_names(Some(names(&[("#version", "written_version"), ("#at", "written_at")])))
            .expression_attribute_values(":version", number(version))
            .expression_attribute_values(":at", text(at.to_string()));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                // There is no such row, or it has this version or a later one already.
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(error.into()),
            },
        }
    }
}
