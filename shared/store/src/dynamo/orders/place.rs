//! Placing: order, events, reservation and stock in one transaction, once per order id.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use domain::{Change, Order, OrderLine, Sku};
use resilience::{Ids, RandomIds};
use serde::Serialize;
use uuid::Uuid;

use super::DynamoOrders;
use super::parked::Parked;
use crate::dynamo::transaction::{Outcome, Refusals, Transaction};
use crate::dynamo::{item, keys};
use crate::{Placed, Receipt, StoreError};

/// How often facts may arrive between looking at the parked ones and placing.
const ROUNDS: usize = 5;

/// The goods that an order holds.
#[derive(Serialize)]
struct Reservation<'a> {
    lines: Vec<ReservedLine<'a>>,
}

#[derive(Serialize)]
struct ReservedLine<'a> {
    sku: &'a Sku,
    quantity: u32,
}

impl DynamoOrders {
    pub(super) async fn place_once(&self, placement: &Change) -> Result<Placed, StoreError> {
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

    /// One transaction. None: facts are parked that were not looked at.
    async fn try_to_place(
        &self,
        placement: &Change,
        parked: Option<&Parked>,
        write_id: Uuid,
    ) -> Result<Option<Placed>, StoreError> {
        let order = &placement.order;
        let learned = parked.and_then(|parked| parked.teach(order));
        let newest = learned.as_ref().map_or(order, |change| &change.order);

        let mut transaction = Transaction::default();
        let at_order = self.put_order(&mut transaction, newest, 0, write_id)?;
        let at_parked = self.drain(&mut transaction, order.id, parked)?;
        let at_lines = self.take_stock(&mut transaction, &order.lines)?;
        self.reserve(&mut transaction, order)?;
        for change in [placement].into_iter().chain(&learned) {
            self.put_events(&mut transaction, change)?;
        }
        self.keep_receipts(&mut transaction, parked.map_or(&[], |parked| &parked.receipts)).await?;

        match transaction.commit(&self.table.client).await? {
            Outcome::Committed => Ok(Some(Placed::New(newest.clone()))),
            Outcome::Refused(refusals) => {
                explain(&refusals, at_order, write_id, at_parked, at_lines.iter().zip(&order.lines))
            }
        }
    }

    /// Takes each line's goods, as long as there are enough and the product is for sale. Answers the positions.
    fn take_stock(&self, transaction: &mut Transaction, lines: &[OrderLine]) -> Result<Vec<usize>, StoreError> {
        let condition = "#active = :yes AND #stock >= :quantity";
        let yes = || HashMap::from([(":yes".to_owned(), AttributeValue::Bool(true))]);
        let take = |line| self.move_stock(transaction, line, "SET #stock = #stock - :quantity", condition, yes());
        lines.iter().map(take).collect()
    }

    fn reserve(&self, transaction: &mut Transaction, order: &Order) -> Result<(), StoreError> {
        let lines = order.lines.iter().map(|line| ReservedLine { sku: &line.sku, quantity: line.quantity });
        let reservation = item::item(&keys::reservation(order.id), &Reservation { lines: lines.collect() })?;
        let put = Put::builder().table_name(&self.catalogue.name).set_item(Some(reservation));
        transaction.put(put.build()?);
        Ok(())
    }

    /// Keeps as many receipts as fit into the transaction. The others go ahead of it: a receipt without its order does
    /// no harm, facts without their evidence would.
    async fn keep_receipts(&self, transaction: &mut Transaction, receipts: &[Receipt]) -> Result<(), StoreError> {
        let (inside, ahead) = receipts.split_at(receipts.len().min(transaction.room()));
        for receipt in ahead {
            self.record_receipt(receipt).await?;
        }
        inside.iter().try_for_each(|receipt| self.keep_receipt(transaction, receipt))
    }
}

/// Why nothing was written. Whether the order exists is looked at first: then nothing else matters.
fn explain<'a>(
    refusals: &Refusals,
    at_order: usize,
    write_id: Uuid,
    at_parked: usize,
    mut at_lines: impl Iterator<Item = (&'a usize, &'a OrderLine)>,
) -> Result<Option<Placed>, StoreError> {
    if let Some(stored) = refusals.at(at_order) {
        let (own, order) = (item::was_written_by(stored, write_id), item::read(stored.clone())?);
        return Ok(Some(if own { Placed::New(order) } else { Placed::Existing(order) }));
    }
    if refusals.at(at_parked).is_some() {
        return Ok(None);
    }
    match at_lines.find(|(position, _)| refusals.at(**position).is_some()) {
        Some((_, line)) => Ok(Some(Placed::OutOfStock(line.sku.clone()))),
        None => Err(StoreError::Unavailable("a transaction failed on a condition that it does not have".into())),
    }
}
