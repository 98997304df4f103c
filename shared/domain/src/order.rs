//! An order and everything that may happen to it. Each change is a pure function from an order to its next version.

mod decisions;
mod difference;
mod due;
mod edit;
mod history;
mod invoice;
mod limits;
mod person;
mod refund_view;
mod refunds;
mod replay;
mod reservation;
mod review;
mod status;
mod step;
mod terms;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::events_between;
use crate::ledger::entries_between;
use crate::{
    Actor, Cart, CartLine, CustomerId, IntentId, IntentStatus, KnownFacts, LedgerEntry, Money, OrderEvent, OrderId,
    OrderStatus, PaymentFact, PricedCart, Sku, Timestamp, TransferDirection,
};

pub use decisions::{CancelReason, Cancellation, CannotBeCancelled, CannotBeFulfilled};
pub use difference::{Difference, EventMismatch, Mismatch, Movement};
pub use due::Due;
pub use edit::{EditRefused, MAX_MOVED_PRODUCTS, OrderEdit};
pub use history::{Gap, OrderHistory, PointInTime, RecordedFacts, Snapshot};
pub use invoice::{InvalidTransferReference, TransferReference, TransferRefused};
pub use limits::{ReservationAttempt, ReservationLimits, ReservationRefused, UnpaidOrders};
pub use person::{Contact, Person};
pub use refund_view::{RefundProgress, RefundView};
pub use refunds::{
    MAX_REQUESTED_REFUNDS, RefundAction, RefundActionState, RefundReason, RefundRefused, RefundRequest, RequestDetails,
};
pub use reservation::Reservation;
pub use review::{Review, ReviewDecision, ReviewRefused};
pub use terms::{PaymentChoice, PaymentMethod, PaymentTerms};

/// The most attempts to pay that one order has: each may leave an intent, and the order names all of them.
pub const MAX_ATTEMPTS: u32 = 100;

/// A product and a quantity, with name and price as they were when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The product.
    pub sku: Sku,
    /// Its name.
    pub name: String,
    /// Pieces.
    pub quantity: u32,
    /// The price of one piece.
    pub unit_price: Money,
}

/// An order. Its status follows from `payment` and from our own decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Derived from customer and idempotency key.
    pub id: OrderId,
    /// The customer.
    pub customer: CustomerId,
    /// The person whom it is for.
    #[serde(flatten)]
    pub person: Person,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// The total.
    pub total: Money,
    /// What we asked Stripe for, and what we know of the payment.
    pub payment: Payment,
    /// The goods that it reserves.
    pub reservation: Reservation,
    /// Our decision to cancel it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// When it was fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilled_at: Option<Timestamp>,
    /// The staff's decision about payments that contradict the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// When it was announced as paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// The lines that it was placed with, if they have changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_lines: Option<Vec<CartLine>>,
    /// The status.
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

/// What we asked Stripe for, and what we know of the payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The payment method.
    pub method: PaymentMethod,
    /// The number of the current attempt to pay, from 1; Stripe's idempotency key derives from it.
    pub attempt: u32,
    /// The payment intent of this attempt, once Stripe has created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<IntentId>,
    /// Stripe's code for why it refuses for good to charge the order, if it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What is known of Stripe's objects.
    pub facts: KnownFacts,
    /// The refunds that we decided on, by action id; reserved here before Stripe is asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refund_actions: BTreeMap<String, RefundAction>,
}

/// The next version of an order, with its events, ledger entries and stock movements: written together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The order after the change; the stored order must have the version before it.
    pub order: Order,
    /// The events.
    pub events: Vec<OrderEvent>,
    /// The ledger entries.
    pub ledger: Vec<LedgerEntry>,
    /// Pieces that return to stock or, if negative, are taken from it; those must be in stock.
    pub stock: BTreeMap<Sku, i64>,
}

impl Change {
    /// The same change, made by a person or a service: its events say so.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        for event in &mut self.events {
            event.actor = Some(actor);
        }
        self
    }
}

impl Order {
    /// A new order, version 1, with its `order.placed` event and its reservation. `held_until` is when the goods return
    /// to stock unless it is paid; `None` for never.
    pub fn place(
        id: OrderId,
        customer: CustomerId,
        priced: PricedCart,
        method: PaymentMethod,
        held_until: Option<Timestamp>,
        correlation_id: &str,
        now: Timestamp,
    ) -> Change {
        let mut order = Self {
            id,
            customer,
            person: Person::Known(Contact { email: priced.cart.email, shipping_address: priced.cart.shipping_address }),
            lines: priced.lines,
            total: priced.total,
            payment: Payment {
                method,
                attempt: 1,
                intent: None,
                refusal: None,
                facts: KnownFacts::default(),
                refund_actions: BTreeMap::new(),
            },
            reservation: Reservation::Held { until: held_until },
            cancellation: None,
            fulfilled_at: None,
            review: None,
            paid_at: None,
            placed_lines: None,
            status: OrderStatus::PendingPayment,
            version: 1,
            placed_at: now,
            updated_at: now,
            correlation_id: correlation_id.to_owned(),
        };
        order.status = order.derive_status();
        let stock = order.pieces().map(|(sku, pieces)| (sku, -pieces)).collect();
        Change { events: events_between(None, &order, correlation_id), order, ledger: Vec::new(), stock }
    }

    /// Whether this order is the one that `cart` placed: a repeated request finds its own order, another cart does not.
    /// An erased or edited order knows its cart by its lines.
    pub fn is_for(&self, cart: &Cart) -> bool {
        let is_same_cart = self.first_lines() == cart.lines && self.payment.method.choice() == cart.payment_method;
        let contact = self.person.contact().filter(|_| self.placed_lines.is_none());
        let is_same_contact = contact
            .is_none_or(|contact| contact.shipping_address == cart.shipping_address && contact.email == cart.email);
        is_same_cart && is_same_contact && self.total.currency == cart.currency
    }

    /// Applies facts from Stripe; `None` when they say nothing new.
    pub fn apply_facts(&self, facts: Vec<PaymentFact>, correlation_id: &str, now: Timestamp) -> Option<Change> {
        self.change(correlation_id, now, |order| order.payment.facts.extend(facts))
    }

    /// Records the payment intent that Stripe created for the current attempt, with the facts of its answer.
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

    /// Whether the current intent was cancelled at Stripe and there is no attempt left for another.
    pub fn has_used_up_attempts(&self) -> bool {
        self.is_intent_canceled() && !self.payment.has_attempts_left()
    }

    fn is_intent_canceled(&self) -> bool {
        let current = self.payment.intent.as_ref().and_then(|id| self.payment.facts.intent(id));
        current.is_some_and(|current| current.status == IntentStatus::Canceled)
    }

    /// Begins another attempt when the current intent was cancelled at Stripe. `None` while the current intent can
    /// still be paid, when the order is not awaiting payment, or when there is no attempt left.
    pub fn next_attempt(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        if !self.is_intent_canceled() || !self.status.awaits_payment() || !self.payment.has_attempts_left() {
            return None;
        }
        self.change(correlation_id, now, |order| {
            order.payment.attempt += 1;
            order.payment.intent = None;
        })
    }

    /// Begins another attempt in place of one for which Stripe will never create an intent: it has saved failures under
    /// all of the attempt's idempotency keys. `None` when that attempt got an intent after all, is over, or is the last.
    pub fn skip_attempt(&self, attempt: u32, correlation_id: &str, now: Timestamp) -> Option<Change> {
        let is_stuck = self.payment.attempt == attempt && self.payment.intent.is_none();
        if !is_stuck || !self.status.awaits_payment() || !self.payment.has_attempts_left() {
            return None;
        }
        self.change(correlation_id, now, |order| order.payment.attempt += 1)
    }

    /// The payment intents to void because they could still bring unwanted money: all of a cancelled or paid order, and
    /// those that a later attempt has replaced.
    pub fn intents_to_void(&self) -> impl Iterator<Item = &IntentId> {
        let is_over = self.cancellation.is_some() || self.payment.facts.captured() > 0;
        let is_replaced = |id: &IntentId| self.payment.intent.as_ref().is_some_and(|now| now != id);
        self.payment.facts.live().map(|intent| &intent.id).filter(move |id| is_over || is_replaced(id))
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
        order.reservation = order.reservation_after_change();
        order.paid_at = self.paid_at.or_else(|| order.is_paid().then_some(order.updated_at));
        order.person = order.person_after_change();
        let events = events_between(Some(self), &order, correlation_id);
        let ledger = entries_between(self, &order, correlation_id);
        let change = Change { stock: self.stock_moved_by(&order), order, events, ledger };
        debug_assert_eq!(change.broken_rules(self), [] as [&str; 0], "{} after version {}", self.id, self.version);
        Some(change)
    }

    /// Whether there is a payment that may be kept and delivered for.
    fn is_paid(&self) -> bool {
        self.payment.facts.captured() > 0 && self.cancellation.is_none() && self.status != OrderStatus::NeedsReview
    }
}

impl Payment {
    /// When an attempt to pay last failed, in seconds since the epoch.
    pub(crate) fn last_failure(&self) -> Option<i64> {
        let failed = self.facts.intents().filter(|intent| intent.status == IntentStatus::PaymentFailed);
        failed.map(|intent| intent.seen_at).max()
    }

    /// Whether the invoice was recorded as late.
    pub(crate) fn is_overdue(&self) -> bool {
        matches!(self.method, PaymentMethod::Invoice { overdue_since: Some(_), .. })
    }

    /// Whether another attempt to pay may begin.
    pub fn has_attempts_left(&self) -> bool {
        self.attempt < MAX_ATTEMPTS
    }

    /// How many refunds were made by bank transfer.
    pub(crate) fn returned_transfers(&self) -> usize {
        self.facts.transfers().filter(|transfer| transfer.direction == TransferDirection::Returned).count()
    }

    /// How many refunds were requested.
    pub(crate) fn requested_refunds(&self) -> usize {
        self.refund_actions.values().filter(|action| action.requested.is_some()).count()
    }

    /// How many of those will not be made, or were made and returned.
    pub(crate) fn failed_requests(&self) -> usize {
        let came_back = |id: &str| {
            let mut refunds = self.facts.refunds();
            refunds.any(|refund| refund.action.as_deref() == Some(id) && !refund.status.counts())
        };
        let requested = self.refund_actions.iter().filter(|(_, action)| action.requested.is_some());
        requested.filter(|(id, action)| action.closed_at.is_some() || came_back(id)).count()
    }
}

#[cfg(test)]
mod tests;
