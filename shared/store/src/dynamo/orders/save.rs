//! Saving an order's next version with what belongs to it.

use std::collections::HashMap;

use domain::Change;
use resilience::{Ids, RandomIds};
use uuid::Uuid;

use super::DynamoOrders;
use crate::dynamo::transaction::{Outcome, Transaction};
use crate::dynamo::{item, keys};
use crate::{Receipt, StoreError};

/// What became of one transaction.
enum Attempt {
    Saved,
    /// The goods went back to stock before, or never were held.
    NothingHeld,
}

/// Whether the order's goods go back to stock in the transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stock {
    GoesBack,
    Stays,
}

impl DynamoOrders {
    pub(super) async fn save_change(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        let write_id = RandomIds.fresh();
        if change.events.is_empty() && receipt.is_none() && !change.releases_stock {
            let order = item::order(&change.order, write_id)?;
            return self.table.put_version(order, previous(change)?).await;
        }
        // A reservation is made with its order and never again, so what is missing once stays missing: the second
        // transaction need not ask again, and goods go back once.
        if change.releases_stock
            && matches!(self.try_to_save(change, receipt, write_id, Stock::GoesBack).await?, Attempt::Saved)
        {
            return Ok(());
        }
        self.try_to_save(change, receipt, write_id, Stock::Stays).await.map(drop)
    }

    async fn try_to_save(
        &self,
        change: &Change,
        receipt: Option<&Receipt>,
        write_id: Uuid,
        stock: Stock,
    ) -> Result<Attempt, StoreError> {
        let mut transaction = Transaction::default();
        let at_order = self.put_order(&mut transaction, &change.order, previous(change)?, write_id)?;
        self.put_events(&mut transaction, change)?;
        if let Some(receipt) = receipt {
            self.keep_receipt(&mut transaction, receipt)?;
        }
        let at_reservation = match stock {
            Stock::GoesBack => Some(self.release(&mut transaction, change)?),
            Stock::Stays => None,
        };
        let refusals = match transaction.commit(&self.table.client).await? {
            Outcome::Committed => return Ok(Attempt::Saved),
            Outcome::Refused(refusals) => refusals,
        };
        if let Some(stored) = refusals.at(at_order) {
            let own = item::was_written_by(stored, write_id);
            return if own { Ok(Attempt::Saved) } else { Err(StoreError::Conflict) };
        }
        if at_reservation.is_some_and(|position| refusals.at(position).is_some()) {
            return Ok(Attempt::NothingHeld);
        }
        Err(item::corrupt(&format_args!("a product of {}", change.order.id)))
    }

    /// Adds the end of the reservation, on condition that there is one, and each line's way back to stock. Answers the
    /// reservation's position.
    fn release(&self, transaction: &mut Transaction, change: &Change) -> Result<usize, StoreError> {
        let position = self.catalogue.add_removal(transaction, &keys::reservation(change.order.id))?;
        for line in &change.order.lines {
            let (give, exists) = ("SET #stock = #stock + :quantity", "attribute_exists(#pk)");
            self.move_stock(transaction, line, give, exists, HashMap::new())?;
        }
        Ok(position)
    }
}

/// The version that the stored order must have. A version 1 is placed, not saved.
fn previous(change: &Change) -> Result<u64, StoreError> {
    change.order.version.checked_sub(1).filter(|version| *version > 0).ok_or(StoreError::Conflict)
}
