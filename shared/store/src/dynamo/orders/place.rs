//! Places an order: the order, its events and its stock in one transaction, once per order id.

use domain::{Change, Sku};
use resilience::{Ids, RandomIds};
use uuid::Uuid;

use super::DynamoOrders;
use super::parked::ParkedReceipts;
use crate::dynamo::item;
use crate::dynamo::transaction::{Outcome, Refusals, Transaction};
use crate::{PlaceOutcome, Receipt, StoreError};

/// How often facts may arrive between reading the parked ones and placing.
const ROUNDS: usize = 5;

impl DynamoOrders {
    pub(super) async fn place_once(&self, placement: &Change) -> Result<PlaceOutcome, StoreError> {
        let write_id = RandomIds.fresh();
        let mut parked = None;
        for _ in 0..ROUNDS {
            if let Some(placed) = self.try_to_place(placement, parked.as_ref(), write_id).await? {
                return Ok(placed);
            }
            parked = self.parked(placement.order.id).await?;
        }
        Err(StoreError::Unavailable("facts about the order keep arriving".into()))
    }

    /// One transaction. `None` when facts are parked that were not read.
    async fn try_to_place(
        &self,
        placement: &Change,
        parked: Option<&ParkedReceipts>,
        write_id: Uuid,
    ) -> Result<Option<PlaceOutcome>, StoreError> {
        let order = &placement.order;
        let applied = parked.and_then(|parked| parked.apply_parked(order));
        let newest = applied.as_ref().map_or(order, |change| &change.order);

        let mut transaction = Transaction::default();
        let at_order = self.put_order(&mut transaction, newest, 0, write_id)?;
        let at_parked = self.drain(&mut transaction, order.id, parked)?;
        let moved = self.move_stock(&mut transaction, placement)?;
        for change in [placement].into_iter().chain(&applied) {
            self.put_history(&mut transaction, change)?;
        }
        let parked = parked.map_or(&[][..], |parked| &parked.receipts).iter();
        let receipts: Vec<_> = parked.map(|receipt| receipt.of_version(newest.version)).collect();
        self.keep_receipts(&mut transaction, &receipts).await?;

        match transaction.commit(&self.table.client).await? {
            Outcome::Committed => Ok(Some(PlaceOutcome::New(newest.clone()))),
            Outcome::Refused(refusals) => explain(&refusals, at_order, write_id, at_parked, &moved),
        }
    }

    /// Stores as many receipts as fit into the transaction. The others are stored before it: a receipt without its
    /// order does no harm, facts without their evidence would.
    async fn keep_receipts(&self, transaction: &mut Transaction, receipts: &[Receipt]) -> Result<(), StoreError> {
        let (inside, ahead) = receipts.split_at(receipts.len().min(transaction.room()));
        for receipt in ahead {
            self.record_receipt(receipt).await?;
        }
        inside.iter().try_for_each(|receipt| self.keep_receipt(transaction, receipt))
    }
}

/// Why nothing was written. It first checks whether the order exists: then nothing else matters.
fn explain(
    refusals: &Refusals,
    at_order: usize,
    write_id: Uuid,
    at_parked: usize,
    moved: &[(usize, &Sku, i64)],
) -> Result<Option<PlaceOutcome>, StoreError> {
    if let Some(stored) = refusals.at(at_order) {
        let (own, order) = (item::was_written_by(stored, write_id), item::read_order(stored.clone())?);
        return Ok(Some(if own { PlaceOutcome::New(order) } else { PlaceOutcome::Existing(order) }));
    }
    if refusals.at(at_parked).is_some() {
        return Ok(None);
    }
    match moved.iter().find(|(position, ..)| refusals.at(*position).is_some()) {
        Some((_, sku, _)) => Ok(Some(PlaceOutcome::OutOfStock((*sku).clone()))),
        None => Err(StoreError::Unavailable("a transaction failed on a condition that it does not have".into())),
    }
}
