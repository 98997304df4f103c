//! Refunds: decided and reserved here, before Stripe is asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Order, Payment, PaymentMethod};
use crate::{IntentFact, IntentId, Money, OrderStatus, PaymentFact, Timestamp, TransferDirection, TransferFact};

/// How long an action's idempotency key is used. Stripe may forget a key 24 hours after its first use
/// (<https://docs.stripe.com/api/idempotent_requests>), so this ends earlier.
const KEY_IS_GOOD_FOR: Duration = Duration::from_hours(23);
/// The most refunds of one order that can be requested: one for each line that it may have. They stay in the order for
/// ever, since their idempotency keys do. More can be made in Stripe's dashboard.
pub const MAX_REQUESTED_REFUNDS: usize = 50;
/// How many refunds that followed from a cancelled order, were not carried out and have another in their place stay in
/// the order, for its history.
const KEPT_CLOSED: usize = 10;

/// A refund that we decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAction {
    /// The payment intent to refund.
    pub intent: IntentId,
    /// The amount.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// The request; `None` when it follows from a cancelled order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<RequestDetails>,
    /// When it was decided.
    pub reserved_at: Timestamp,
    /// Its state at Stripe, until a refund object shows that it was carried out.
    pub state: RefundActionState,
    /// When it was found that it will not be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Stripe's code for why, if it gave one: `charge_disputed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

/// Who requested a refund, and how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDetails {
    /// `usr_…` or `key_…`.
    pub by: String,
    /// The requested amount in minor units; `None` for all that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
}

string_enum! {
    /// How a refund action stands while no refund of it is known.
    pub enum RefundActionState {
        /// The amount is reserved; Stripe is to be asked, or was asked and has not answered.
        Reserved = "reserved",
        /// Stripe said no, for good. The amount is free again, and people must look.
        Refused = "refused",
        /// Stripe lists no refund of it, and its key must not be used again: another action may take its place.
        Abandoned = "abandoned",
    }
}

string_enum! {
    /// Why money goes back, in Stripe's words.
    #[derive(ToSchema)]
    pub enum RefundReason {
        /// Charged twice.
        Duplicate = "duplicate",
        /// Not the customer's doing; also blocks the card.
        Fraudulent = "fraudulent",
        /// The customer wants it back.
        RequestedByCustomer = "requested_by_customer",
    }
}

/// A request for a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// The action's id, which derives from order and idempotency key.
    pub action: String,
    /// The amount in minor units; `None` for all that is left.
    pub amount: Option<i64>,
    /// Why.
    pub reason: RefundReason,
    /// `usr_…` or `key_…`.
    pub by: String,
    /// The reference of the bank transfer that returned the money: for orders paid by transfer, and for no others.
    pub transfer: Option<String>,
}

/// Why a refund is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefused {
    /// There is nothing to refund, or the payment is disputed, under review or refunded already.
    #[error("an order in status {0} cannot be refunded")]
    NotNow(OrderStatus),
    /// It exceeds the refundable amount.
    #[error("only {left} are left")]
    TooMuch {
        /// The most that one refund may refund, in minor units.
        left: i64,
    },
    /// As many refunds of the order were requested as may be.
    #[error("at most {MAX_REQUESTED_REFUNDS} refunds of an order can be requested")]
    TooMany,
    /// The action's id belongs to another refund.
    #[error("the idempotency key belongs to another refund")]
    AnotherRefund,
    /// An order paid by bank transfer needs the reference of the transfer that returned the money; other orders must
    /// not have one.
    #[error("a transfer's reference goes with orders that were paid by transfer")]
    Transfer,
    /// The reference belongs to another transfer.
    #[error("another transfer of this order has this reference")]
    ReferenceUsed,
}

impl RefundAction {
    fn is_reserved(&self) -> bool {
        self.state == RefundActionState::Reserved
    }

    /// Whether Stripe may still be asked with the action's key; afterwards only Stripe's list shows the outcome.
    pub fn may_be_asked_for(&self, now: Timestamp) -> bool {
        now.since(self.reserved_at) < KEY_IS_GOOD_FOR
    }

    fn reserved(intent: &IntentId, amount: Money, reason: RefundReason, now: Timestamp) -> Self {
        let state = RefundActionState::Reserved;
        Self {
            intent: intent.clone(),
            amount,
            reason,
            requested: None,
            reserved_at: now,
            state,
            closed_at: None,
            refusal: None,
        }
    }
}

impl Order {
    /// Decides on a requested refund: reserves its amount before Stripe is asked, or records the transfer that returned
    /// the money. Repeating the request changes nothing.
    ///
    /// # Errors
    ///
    /// [`RefundRefused`].
    pub fn request_refund(
        &self,
        request: &RefundRequest,
        correlation_id: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, RefundRefused> {
        if let Some(is_same) = self.has_refund(request) {
            return if is_same { Ok(None) } else { Err(RefundRefused::AnotherRefund) };
        }
        if (self.payment.method == PaymentMethod::Stripe) == request.transfer.is_some() {
            return Err(RefundRefused::Transfer);
        }
        if !self.status.can_be_refunded() {
            return Err(RefundRefused::NotNow(self.status));
        }
        if self.payment.requested_refunds() + self.payment.returned_transfers() >= MAX_REQUESTED_REFUNDS {
            return Err(RefundRefused::TooMany);
        }
        match &request.transfer {
            Some(reference) => self.return_transfer(request, reference, correlation_id, now),
            None => self.reserve_refund(request, correlation_id, now),
        }
    }

    /// Whether there is a refund with the request's id already, and whether it is the same request.
    fn has_refund(&self, request: &RefundRequest) -> Option<bool> {
        let facts = &self.payment.facts;
        if let Some(transfer) = facts.transfers().find(|known| known.action.as_deref() == Some(&*request.action)) {
            let is_amount = request.amount.is_none_or(|amount| amount == transfer.amount.amount);
            let is_same = is_amount && transfer.reason == Some(request.reason);
            return Some(is_same && request.transfer.as_ref() == Some(&transfer.id));
        }
        let action = self.payment.refund_actions.get(&request.action)?;
        let requested = action.requested.as_ref().map(|requested| requested.amount);
        let is_same = requested == Some(request.amount) && action.reason == request.reason;
        Some(is_same && request.transfer.is_none())
    }

    fn reserve_refund(
        &self,
        request: &RefundRequest,
        correlation_id: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, RefundRefused> {
        let left = self.payment.facts.succeeded().map(|intent| (self.payment.unreserved(&intent.id), intent));
        let (left, intent) = left.max_by_key(|(left, _)| *left).ok_or(RefundRefused::NotNow(self.status))?;
        let amount = request.amount.unwrap_or(left);
        if amount > left || amount <= 0 {
            return Err(RefundRefused::TooMuch { left: left.max(0) });
        }
        let amount = Money::new(amount, intent.received.currency);
        let requested = RequestDetails { by: request.by.clone(), amount: request.amount };
        let action = RefundAction {
            requested: Some(requested),
            ..RefundAction::reserved(&intent.id, amount, request.reason, now)
        };
        Ok(self.change(correlation_id, now, |order| {
            order.payment.refund_actions.insert(request.action.clone(), action);
        }))
    }

    fn return_transfer(
        &self,
        request: &RefundRequest,
        reference: &str,
        correlation_id: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, RefundRefused> {
        let left = self.payment.kept();
        let amount = request.amount.unwrap_or(left);
        if amount > left || amount <= 0 {
            return Err(RefundRefused::TooMuch { left: left.max(0) });
        }
        if self.payment.facts.transfers().any(|known| known.id == reference) {
            return Err(RefundRefused::ReferenceUsed);
        }
        let transfer = TransferFact {
            id: reference.to_owned(),
            direction: TransferDirection::Returned,
            amount: Money::new(amount, self.total.currency),
            action: Some(request.action.clone()),
            reason: Some(request.reason),
            requested_at: Some(now),
        };
        Ok(self.apply_facts(vec![PaymentFact::Transfer(transfer)], correlation_id, now))
    }

    /// Decides to refund what is due for each paid intent of a cancelled order: reserves the amounts before Stripe is
    /// asked. `None` when nothing more is due.
    pub fn reserve_due_refunds(&self, correlation_id: &str, now: Timestamp) -> Option<Change> {
        if self.refund_due() == 0 {
            return None;
        }
        self.change(correlation_id, now, |order| {
            order.payment.forget_replaced_refunds();
            for intent in self.payment.facts.succeeded() {
                let due = self.payment.unreserved(&intent.id);
                // The version is stored once, so no two actions have one id, whatever was forgotten.
                let action = format!("cancel-{}-{}", intent.id, self.version);
                if due > 0 {
                    let amount = Money::new(due, intent.received.currency);
                    let refund = RefundAction::reserved(&intent.id, amount, RefundReason::RequestedByCustomer, now);
                    order.payment.refund_actions.insert(action, refund);
                }
            }
        })
    }

    /// Reserves what exceeds the total, of the newest intent's payment first; for [`resolve_review`](Self::resolve_review).
    pub(super) fn reserve_excess(&mut self, by: &str, now: Timestamp) {
        let mut keep = self.total.amount;
        let mut paid: Vec<_> = self.payment.facts.succeeded().cloned().collect();
        paid.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        for IntentFact { id: intent, received, .. } in paid {
            let left = self.payment.unreserved(&intent);
            let kept = left.min(keep).max(0);
            keep -= kept;
            if left > kept {
                let amount = Money::new(left - kept, received.currency);
                let requested = Some(RequestDetails { by: by.to_owned(), amount: Some(amount.amount) });
                let reserved = RefundAction::reserved(&intent, amount, RefundReason::Duplicate, now);
                let action = format!("review-{intent}-{}", self.version);
                self.payment.refund_actions.insert(action, RefundAction { requested, ..reserved });
            }
        }
    }

    /// Records that a reserved refund will not be carried out, because it was refused for good or abandoned. The amount
    /// can be refunded again.
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
                refund.closed_at = Some(now);
            }
        })
    }

    /// Records that Stripe refused a reserved refund, after its list of refunds was applied. A refund that follows from
    /// a cancelled order, and exceeds what is left because of refunds made in Stripe's dashboard, is abandoned: another
    /// action refunds the rest. All others are left to staff.
    pub fn refuse_refund(
        &self,
        action: &str,
        code: Option<&str>,
        correlation_id: &str,
        now: Timestamp,
    ) -> Option<Change> {
        let refund = self.payment.refund_actions.get(action)?;
        let is_overtaken = refund.requested.is_none() && self.payment.unreserved(&refund.intent) < 0;
        let state = if is_overtaken { RefundActionState::Abandoned } else { RefundActionState::Refused };
        self.change(correlation_id, now, |order| {
            if let Some(refund) = order.payment.refund_actions.get_mut(action).filter(|refund| refund.is_reserved()) {
                refund.state = state;
                refund.closed_at = Some(now);
                refund.refusal = code.map(str::to_owned);
            }
        })
    }

    /// What a cancelled order still owes its customer and has not reserved yet, in minor units. Zero while it needs a
    /// review, and while a bank holds the money.
    pub fn refund_due(&self) -> i64 {
        let settles = self.cancellation.is_some() && self.status == OrderStatus::Cancelled && !self.keeps_money();
        let due = self.payment.facts.succeeded().map(|intent| self.payment.unreserved(&intent.id).max(0));
        if settles { due.fold(0, i64::saturating_add) } else { 0 }
    }

    /// Refund actions that Stripe is not known to have carried out.
    pub fn open_refund_actions(&self) -> impl Iterator<Item = (&String, &RefundAction)> {
        self.payment.open_refund_actions()
    }
}

impl Payment {
    /// Money that was neither refunded, nor reserved for a refund, nor lost, in minor units.
    pub fn kept(&self) -> i64 {
        let reserved = self.open_refund_actions().map(|(_, action)| action.amount.amount);
        let facts = &self.facts;
        reserved.chain([facts.refunded(), facts.lost()]).fold(facts.captured(), i64::saturating_sub)
    }

    /// Money of this intent that was neither refunded, nor reserved for a refund, nor lost, in minor units.
    pub(super) fn unreserved(&self, intent: &IntentId) -> i64 {
        let received = self.facts.intent(intent).map_or(0, |fact| fact.received.amount);
        let open = self.open_refund_actions().filter(|(_, action)| action.intent == *intent);
        let gone = [self.facts.refunded_of(intent), self.facts.lost_of(intent)];
        open.map(|(_, action)| action.amount.amount).chain(gone).fold(received, i64::saturating_sub)
    }

    pub(super) fn open_refund_actions(&self) -> impl Iterator<Item = (&String, &RefundAction)> {
        self.refund_actions.iter().filter(|(id, action)| action.is_reserved() && !self.is_carried_out(id))
    }

    /// Ids of our actions that Stripe refused, and of our refunds that were returned: repeating them would end the same
    /// way.
    pub(super) fn refunds_that_came_to_nothing(&self) -> impl Iterator<Item = &str> {
        let refused = self.refund_actions.iter().filter(|(_, action)| action.state == RefundActionState::Refused);
        let back = self.facts.refunds().filter(|refund| refund.action.is_some() && !refund.status.counts());
        refused.map(|(id, _)| id.as_str()).chain(back.map(|refund| refund.id.as_str()))
    }

    /// Forgets the oldest of the refunds that followed from the order's cancellation and were not carried out: while Stripe
    /// fails for days, each is abandoned for another.
    fn forget_replaced_refunds(&mut self) {
        let is_replaced = |(id, action): &(&String, &RefundAction)| {
            action.requested.is_none() && !action.is_reserved() && !self.is_carried_out(id)
        };
        let replaced = self.refund_actions.iter().filter(is_replaced);
        let mut replaced: Vec<_> = replaced.map(|(id, action)| (action.reserved_at, id.clone())).collect();
        replaced.sort_unstable();
        replaced.truncate(replaced.len().saturating_sub(KEPT_CLOSED));
        self.refund_actions.retain(|id, _| replaced.iter().all(|(_, replaced)| replaced != id));
    }

    fn is_carried_out(&self, action: &str) -> bool {
        self.facts.refunds().any(|refund| refund.action.as_deref() == Some(action))
    }
}
