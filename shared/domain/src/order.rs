//! An order and everything that may happen to it. Each change is a pure function from an order to the next version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::events_between;
use crate::{
    Address, Cart, CustomerId, EmailAddress, IntentId, IntentStatus, KnownFacts, Money, OrderEvent, OrderId,
    OrderStatus, PaymentFact, PricedCart, Sku, Timestamp,
};

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
    /// Where the mails go.
    pub email: EmailAddress,
    /// Where the goods go.
    pub shipping_address: Address,
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

/// A refund that we decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAction {
    /// Whose money goes back.
    pub intent: IntentId,
    /// How much.
    pub amount: Money,
    /// When it was decided.
    pub reserved_at: Timestamp,
    /// What Stripe made of it, as long as no refund shows that it was carried out.
    pub state: RefundActionState,
}

/// How a refund action stands while no refund of it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundActionState {
    /// The amount is reserved; Stripe is to be asked, or was asked and has not answered.
    Reserved,
    /// Stripe said no, for good. The amount is free again, and people must look.
    Refused,
    /// Stripe saved a failure under the action's key and lists no refund of it: another action may take its place.
    Abandoned,
}

impl RefundAction {
    fn is_reserved(&self) -> bool {
        self.state == RefundActionState::Reserved
    }
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
            email: priced.cart.email,
            shipping_address: priced.cart.shipping_address,
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

    /// Whether this order is what `cart` asks for: a repeated request finds its own order, another cart does not.
    pub fn is_for(&self, cart: &Cart) -> bool {
        let lines = self.lines.iter().map(|line| (&line.sku, line.quantity));
        lines.eq(cart.lines.iter().map(|line| (&line.sku, line.quantity)))
            && self.total.currency == cart.currency
            && self.shipping_address == cart.shipping_address
            && self.email == cart.email
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

    /// Decides to give back what is due for each intent of a cancelled order that brought money: reserves the amounts
    /// before Stripe is asked. None when nothing more is due.
    pub fn reserve_due_refunds(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        if self.refund_due() == 0 {
            return None;
        }
        self.change(correlation_id, now, |order| {
            for intent in self.payment.facts.succeeded() {
                let due = self.payment.unreserved(&intent.id);
                let action = format!("cancel-{}-{}", intent.id, order.payment.refund_actions.len());
                if due > 0 {
                    let amount = Money::new(due, intent.received.currency);
                    let refund = RefundAction {
                        intent: intent.id.clone(),
                        amount,
                        reserved_at: now,
                        state: RefundActionState::Reserved,
                    };
                    order.payment.refund_actions.insert(action, refund);
                }
            }
        })
    }

    /// Notes that a reserved refund will not be carried out: refused for good, or abandoned. The amount is free again.
    pub fn close_refund(
        &self,
        action: &str,
        state: RefundActionState,
        correlation_id: &str,
        now: Timestamp,
    ) -> Option<Change> {
        self.change(correlation_id, now, |order| {
            if let Some(refund) = order.payment.refund_actions.get_mut(action).filter(|refund| refund.is_reserved()) {
                refund.state = state;
            }
        })
    }

    /// What a cancelled order still owes its customer and has not reserved yet, in minor units. Nothing while people
    /// must look, and nothing while a bank holds the money.
    pub fn refund_due(&self) -> i64 {
        let settles = self.cancelled_at.is_some() && matches!(self.status, OrderStatus::Cancelled);
        let due = self.payment.facts.succeeded().map(|intent| self.payment.unreserved(&intent.id).max(0));
        if settles { due.fold(0, i64::saturating_add) } else { 0 }
    }

    /// Refund actions that Stripe has not been seen to carry out.
    pub fn open_refund_actions(&self) -> impl Iterator<Item = (&String, &RefundAction)> {
        self.payment
            .refund_actions
            .iter()
            .filter(|(id, action)| action.is_reserved() && !self.payment.is_carried_out(id))
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
        let events = events_between(Some(self), &order, correlation_id);
        let releases_stock = self.cancelled_at.is_none() && order.cancelled_at.is_some();
        Some(Change { order, events, releases_stock })
    }

    fn derive_status(&self) -> OrderStatus {
        let facts = &self.payment.facts;
        if self.contradicted() {
            return OrderStatus::NeedsReview;
        }
        let (captured, refunded) = (facts.captured(), facts.refunded());
        if captured == 0 {
            return self.unpaid_status();
        }
        if facts.lost() > 0 {
            OrderStatus::ChargedBack
        } else if facts.has_open_dispute() {
            OrderStatus::Disputed
        } else if refunded >= captured {
            OrderStatus::Refunded
        } else if self.cancelled_at.is_some() {
            // Money that we hold without a right to it, and that cannot go back by itself: people must see to it.
            if self.payment.has_refund_that_came_to_nothing() {
                OrderStatus::NeedsReview
            } else {
                OrderStatus::Cancelled
            }
        } else if refunded > 0 {
            OrderStatus::PartiallyRefunded
        } else if self.fulfilled_at.is_some() {
            OrderStatus::Fulfilled
        } else {
            OrderStatus::Paid
        }
    }

    fn unpaid_status(&self) -> OrderStatus {
        if self.cancelled_at.is_some() {
            OrderStatus::Cancelled
        } else if self.payment.facts.intents().any(|intent| intent.status == IntentStatus::Processing) {
            OrderStatus::PaymentProcessing
        } else {
            OrderStatus::PendingPayment
        }
    }

    /// Whether Stripe's word on money received does not fit the order: another amount, currency or order id, or paid
    /// twice. Once so, always so: facts about money received never go away.
    fn contradicted(&self) -> bool {
        let fits = |intent: &crate::IntentFact| intent.received == self.total && intent.order_id == Some(self.id);
        let mut succeeded = self.payment.facts.succeeded();
        succeeded.next().is_some_and(|first| !fits(first)) || succeeded.next().is_some()
    }
}

impl Payment {
    /// When a try to pay last failed, in seconds since the epoch.
    pub(crate) fn last_failure(&self) -> Option<i64> {
        let failed = self.facts.intents().filter(|intent| intent.status == IntentStatus::PaymentFailed);
        failed.map(|intent| intent.seen_at).max()
    }

    /// Money of this intent that neither went back nor is reserved to go back, in minor units.
    fn unreserved(&self, intent: &IntentId) -> i64 {
        let received = self.facts.intent(intent).map_or(0, |fact| fact.received.amount);
        let of_intent = |of: Option<&IntentId>| of == Some(intent);
        let refunded =
            self.facts.refunds().filter(|refund| of_intent(refund.intent.as_ref()) && refund.status.counts());
        let open = self
            .refund_actions
            .iter()
            .filter(|(id, action)| of_intent(Some(&action.intent)) && action.is_reserved() && !self.is_carried_out(id));
        let taken = refunded.map(|refund| refund.amount.amount).chain(open.map(|(_, action)| action.amount.amount));
        taken.fold(received, i64::saturating_sub)
    }

    /// Whether Stripe refused a refund of ours, or the bank sent its money back. Another one would end the same way, and
    /// the one after that.
    fn has_refund_that_came_to_nothing(&self) -> bool {
        let refused = self.refund_actions.values().any(|action| action.state == RefundActionState::Refused);
        refused || self.facts.refunds().any(|refund| refund.action.is_some() && !refund.status.counts())
    }

    fn is_carried_out(&self, action: &str) -> bool {
        self.facts.refunds().any(|refund| refund.action.as_deref() == Some(action))
    }
}

#[cfg(test)]
mod tests;
