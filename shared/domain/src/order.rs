//! An order and everything that may happen to it. Each change is a pure function from an order to the next version.

mod person;
mod refunds;
mod status;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::events_between;
use crate::{
    Cart, CustomerId, IntentId, IntentStatus, KnownFacts, Money, OrderEvent, OrderId, OrderStatus, PaymentFact,
    PricedCart, Sku, Timestamp,
};

pub use person::{Contact, Person};
pub use refunds::{RefundAction, RefundActionState};

/// So many pieces of a product, with name and price as they were when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Which product.
    pub sku: Sku,
    /// What it was called.
    pub name: String,
    /// Pieces.
    pub quantity: u32,
    /// Price of one piece.
    pub unit_price: Money,
}

/// An order. Its status follows from `payment`, `cancelled_at` and `fulfilled_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Derived from customer and idempotency key.
    pub id: OrderId,
    /// Whose order.
    pub customer: CustomerId,
    /// Whom it is for.
    #[serde(flatten)]
    pub person: Person,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// What it costs.
    pub total: Money,
    /// What we asked Stripe for and what we know of it.
    pub payment: Payment,
    /// Our decision to call it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Our word that it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilled_at: Option<Timestamp>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Counts the changes, from 1. Each write is conditional on it.
    pub version: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The request that placed it.
    pub correlation_id: String,
}

/// What we asked Stripe for, and what we know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Which try to pay this is, from 1; Stripe's idempotency key derives from it.
    pub attempt: u32,
    /// The payment intent of this attempt, once Stripe has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<IntentId>,
    /// What is known of Stripe's objects.
    pub facts: KnownFacts,
    /// Refunds that we decided on, by action id; reserved here before Stripe is asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refund_actions: BTreeMap<String, RefundAction>,
}

/// The next version of an order with the events that tell of it: written together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The order after the change; the stored one must have the version before it.
    pub order: Order,
    /// What happened.
    pub events: Vec<OrderEvent>,
    /// Whether the goods that the order holds go back to stock in the same transaction.
    pub releases_stock: bool,
}

/// The order is past the point where it can be called off.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {0} cannot be cancelled")]
pub struct CannotBeCancelled(pub OrderStatus);

impl Order {
    /// A new order, version 1, with its `order.placed` event.
    pub fn place(
        id: OrderId,
        customer: CustomerId,
        priced: PricedCart,
        correlation_id: &str,
        now: Timestamp,
    ) -> Change {
        let order = Self {
            id,
            customer,
            person: Person::Known(Contact { email: priced.cart.email, shipping_address: priced.cart.shipping_address }),
            lines: priced.lines,
            total: priced.total,
            payment: Payment {
                attempt: 1,
                intent: None,
                facts: KnownFacts::default(),
                refund_actions: BTreeMap::new(),
            },
            cancelled_at: None,
            fulfilled_at: None,
            status: OrderStatus::PendingPayment,
            version: 1,
            placed_at: now,
            updated_at: now,
            correlation_id: correlation_id.to_owned(),
        };
        Change { events: events_between(None, &order, correlation_id), order, releases_stock: false }
    }

    /// Whether this order is what `cart` asks for: a repeated request finds its own order, another cart does not. An order
    /// that has forgotten whom it is for knows its cart by its lines.
    pub fn is_for(&self, cart: &Cart) -> bool {
        let lines = self.lines.iter().map(|line| (&line.sku, line.quantity));
        lines.eq(cart.lines.iter().map(|line| (&line.sku, line.quantity)))
            && self.total.currency == cart.currency
            && self
                .person
                .contact()
                .is_none_or(|contact| contact.shipping_address == cart.shipping_address && contact.email == cart.email)
    }

    /// Takes in facts from Stripe. None when they say nothing new.
    pub fn learn(&self, facts: Vec<PaymentFact>, correlation_id: &str, now: Timestamp) -> Option<Change> {
        self.change(correlation_id, now, |order| order.payment.facts.extend(facts))
    }

    /// Notes the payment intent that Stripe made for the current attempt, with the facts of its answer.
    pub fn attach_intent(
        &self,
        intent: IntentId,
        facts: Vec<PaymentFact>,
        correlation_id: &str,
        now: Timestamp,
    ) -> Option<Change> {
        self.change(correlation_id, now, |order| {
            order.payment.intent = Some(intent);
            order.payment.facts.extend(facts);
        })
    }

    /// Begins another attempt when the current intent was given up at Stripe. None while the current one can still
    /// be paid, or when the order no longer waits for money.
    pub fn next_attempt(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let current = self.payment.intent.as_ref().and_then(|id| self.payment.facts.intent(id))?;
        if current.status != IntentStatus::Canceled || !self.status.awaits_payment() {
            return None;
        }
        self.change(correlation_id, now, |order| {
            order.payment.attempt += 1;
            order.payment.intent = None;
        })
    }

    /// Begins another attempt in place of one that Stripe will never make an intent for: it saved failures under all of the
    /// attempt's idempotency keys. None when that attempt came to an intent after all, or is over.
    pub fn skip_attempt(&self, attempt: u32, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let is_stuck = self.payment.attempt == attempt && self.payment.intent.is_none();
        if !is_stuck || !self.status.awaits_payment() {
            return None;
        }
        self.change(correlation_id, now, |order| order.payment.attempt += 1)
    }

    /// Calls the order off. A second call changes nothing.
    pub fn cancel(&self, correlation_id: &str, now: Timestamp) -> Result<Option<Change>, CannotBeCancelled> {
        if self.cancelled_at.is_some() {
            return Ok(None);
        }
        if !self.status.can_be_cancelled() {
            return Err(CannotBeCancelled(self.status));
        }
        Ok(self.change(correlation_id, now, |order| order.cancelled_at = Some(now)))
    }

    /// Payment intents of a cancelled order that could still bring money: they are to be voided.
    pub fn intents_to_void(&self) -> impl Iterator<Item = &IntentId> {
        let live = self.payment.facts.intents().filter(|intent| !intent.status.is_final()).map(|intent| &intent.id);
        live.filter(|_| self.cancelled_at.is_some())
    }

    fn change(&self, correlation_id: &str, now: Timestamp, edit: impl FnOnce(&mut Self)) -> Option<Change> {
        let mut order = self.clone();
        edit(&mut order);
        if order == *self {
            return None;
        }
        order.status = order.derive_status();
        order.version += 1;
        order.updated_at = now.max(self.updated_at);
        order.person = order.person_after_change();
        let events = events_between(Some(self), &order, correlation_id);
        let releases_stock = self.cancelled_at.is_none() && order.cancelled_at.is_some();
        Some(Change { order, events, releases_stock })
    }
}

impl Payment {
    /// When a try to pay last failed, in seconds since the epoch.
    pub(crate) fn last_failure(&self) -> Option<i64> {
        let failed = self.facts.intents().filter(|intent| intent.status == IntentStatus::PaymentFailed);
        failed.map(|intent| intent.seen_at).max()
    }
}

#[cfg(test)]
mod tests;
