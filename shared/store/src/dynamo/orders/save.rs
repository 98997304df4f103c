//! Saves an order's next version with what belongs to it.

use domain::Change;
use resilience::{Ids, RandomIds};

use super::DynamoOrders;
use crate::dynamo::item;
use crate::dynamo::transaction::{Outcome, Transaction};
use crate::{Receipt, StoreError};

impl DynamoOrders {
    pub(super) async fn save_change(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        let write_id = RandomIds.fresh();
        if change.events.is_empty() && change.ledger.is_empty() && change.stock.is_empty() && receipt.is_none() {
            let order = item::order(&change.order, write_id)?;
            return self.table.put_version(order, previous(change)?).await;
        }
        let mut transaction = Transaction::default();
        let at_order = self.put_order(&mut transaction, &change.order, previous(change)?, write_id)?;
        self.put_history(&mut transaction, change)?;
        if let Some(receipt) = receipt {
            self.keep_receipt(&mut transaction, receipt)?;
        }
        let moved = self.move_stock(&mut transaction, change)?;
        let refusals = match transaction.commit(&self.table.client).await? {
            Outcome::Committed => return Ok(()),
            Outcome::Refused(refusals) => refusals,
        };
        // It first checks whether the order has changed: then nothing else matters.
        if let Some(stored) = refusals.at(at_order) {
            return if item::was_written_by(stored, write_id) { Ok(()) } else { Err(StoreError::Conflict) };
        }
        match moved.iter().find(|(position, ..)| refusals.at(*position).is_some()) {
            Some((_, sku, pieces)) if *pieces < 0 => Err(StoreError::OutOfStock((*sku).clone())),
            Some((_, sku, _)) => Err(item::corrupt(&format_args!("product {sku}"))),
            None => Err(StoreError::Unavailable("a transaction failed on a condition that it does not have".into())),
        }
    }
}

/// The version that the stored order must have. A version 1 is placed, not saved.
fn previous(change: &Change) -> Result<u64, StoreError> {
    change.order.version.checked_sub(1).filter(|version| *version > 0).ok_or(StoreError::Conflict)
}
