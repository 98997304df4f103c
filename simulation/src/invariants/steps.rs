//! Invariants of every step of an order.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::RefundActionState::{Abandoned, Reserved};
use domain::{
    IntentId, MailEffect, MailSubject, Order, OrderStatus, RefundAction, ReservationLimits, Sending, Sku, Timestamp,
};

use super::Violation;
use crate::fixture::EVIDENCE_WAIT;

/// How long a refund is looked for at least before it is given up.
const LOOKED_FOR: Duration = Duration::from_mins(1);

/// The violations among the steps that were seen, and what Stripe was asked about refunds.
#[derive(Debug, Default)]
pub struct Steps {
    /// What a customer's unpaid orders may hold.
    limits: ReservationLimits,
    violations: RefCell<Vec<Violation>>,
    /// When Stripe last listed the refunds of an intent.
    listed: RefCell<BTreeMap<String, Timestamp>>,
    /// When Stripe was first asked for the refund of an action.
    asked: RefCell<BTreeMap<String, Timestamp>>,
}

impl Steps {
    /// Nothing was seen yet of a shop with these limits.
    pub fn new(limits: ReservationLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Checks a step: the order before, if there was one, and after.
    pub fn take(&self, before: Option<&Order>, after: &Order) {
        for intent in after.open_refund_actions().map(|(_, action)| &action.intent).collect::<BTreeSet<_>>() {
            // Refunds made in the dashboard come on top of what was reserved before; the shop cannot prevent that.
            let (open, left) = (reserved(after, intent), left_of(after, intent));
            if open > left && open > before.map_or(0, |before| reserved(before, intent)) {
                let text = format!("{open} reserved where {left} are left of {intent}");
                self.record("no more is reserved than was received", after, text);
            }
        }
        let Some(before) = before else { return };
        if after.version != before.version && after.version != before.version + 1 {
            let text = format!("version {} follows {}", after.version, before.version);
            self.record("versions are counted", after, text);
        }
        if before.status != after.status && !before.status.may_become(after.status) {
            let text = format!("{} follows {}", after.status, before.status);
            self.record("the status machine", after, text);
        }
        let (now, earlier) = (after.payment.facts.captured(), before.payment.facts.captured());
        if now < earlier {
            let text = format!("{now} received, and {earlier} before");
            self.record("money received is never forgotten", after, text);
        }
        for (id, action) in &after.payment.refund_actions {
            let was_open = before.payment.refund_actions.get(id).is_none_or(|known| known.state == Reserved);
            if was_open && action.state != Reserved {
                self.take_ending(after, id, action);
            }
        }
    }

    /// Checks an order that is placed, or edited so that it holds more: what its customer has not paid stays within the
    /// limits.
    pub fn take_reservation(&self, before: Option<&Order>, after: &Order, all: impl FnOnce() -> Vec<Order>) {
        let is_raised = |sku: &&Sku| pieces(after, sku) > before.map_or(0, |before| pieces(before, sku));
        let raised: BTreeSet<&Sku> = after.lines.iter().map(|line| &line.sku).filter(is_raised).collect();
        if after.status != OrderStatus::PendingPayment || raised.is_empty() {
            return;
        }
        let since = self.limits.since(after.updated_at);
        let is_held = |order: &Order| order.status == OrderStatus::PendingPayment && order.placed_at >= since;
        let mut unpaid = all();
        unpaid.retain(|order| order.customer == after.customer && is_held(order));
        if before.is_none() && unpaid.len() > self.limits.orders {
            let text = format!("{} orders, and {} are allowed", unpaid.len(), self.limits.orders);
            self.record("what is unpaid stays within the limits", after, text);
        }
        for sku in raised {
            let held: u32 = unpaid.iter().map(|order| pieces(order, sku)).sum();
            if held > self.limits.pieces {
                let text = format!("{held} pieces of {sku}, and {} are allowed", self.limits.pieces);
                self.record("what is unpaid stays within the limits", after, text);
            }
        }
    }

    /// Checks a refund that is given up: Stripe listed the intent's refunds since, and a minute has passed unless Stripe
    /// itself said no, or others took the money.
    fn take_ending(&self, order: &Order, id: &str, action: &RefundAction) {
        let listed = self.listed.borrow().get(action.intent.as_str()).copied();
        let asked = self.asked.borrow().get(id).copied().unwrap_or(action.reserved_at);
        if listed.is_none_or(|listed| listed < asked) {
            let text = format!("{id} is {}, and Stripe was not asked for the refunds that exist", action.state);
            self.record("Stripe's list decides", order, text);
        }
        let waited = order.updated_at.since(action.reserved_at);
        if action.state == Abandoned && waited < LOOKED_FOR && action.amount.amount <= left_of(order, &action.intent) {
            let text = format!("{id} is given up after {} s", waited.as_secs());
            self.record("a refund is looked for", order, text);
        }
    }

    /// Notes what Stripe is asked about refunds: `path`, a form, and when.
    pub fn note_request(&self, path: &str, form: &[u8], at: Timestamp) {
        if path == "/v1/refunds" {
            let action = form_urlencoded::parse(form).find(|(name, _)| name == "metadata[refund_action]");
            if let Some((_, action)) = action {
                self.asked.borrow_mut().entry(action.into_owned()).or_insert(at);
            }
        }
    }

    /// Notes that Stripe listed the refunds of an intent.
    pub fn note_list(&self, query: &str, at: Timestamp) {
        let intent = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "payment_intent");
        self.listed.borrow_mut().extend(intent.map(|(_, intent)| (intent.into_owned(), at)));
    }

    /// Checks the claim of a mail: the effect before, if there was one, and after. A mail that may have been sent is
    /// claimed again only after SendGrid had the time to report it, and never once it has.
    pub fn take_claim(&self, before: Option<&MailEffect>, after: &MailEffect, is_reported: bool) {
        let (Sending::Claimed { at, .. }, Some(before)) = (&after.sending, before) else { return };
        let text = match &before.sending {
            _ if is_reported => format!("{} is sent again, and SendGrid was thanked for its report", after.id),
            Sending::Claimed { at: since, .. } | Sending::Unknown { since } if at.since(*since) < EVIDENCE_WAIT => {
                format!("{} is sent again {} s later", after.id, at.since(*since).as_secs())
            }
            _ => return,
        };
        let order = match after.id.subject {
            MailSubject::Order(order) => Some(order),
            MailSubject::Account(_) => None,
        };
        self.violations.borrow_mut().push(Violation { invariant: "evidence is awaited and believed", order, text });
    }

    /// The violations so far.
    pub fn violations(&self) -> Vec<Violation> {
        self.violations.borrow().clone()
    }

    fn record(&self, invariant: &'static str, order: &Order, text: String) {
        self.violations.borrow_mut().push(Violation::of(invariant, order.id, text));
    }
}

/// How many pieces of a product are in an order.
fn pieces(order: &Order, sku: &Sku) -> u32 {
    order.lines.iter().filter(|line| line.sku == *sku).map(|line| line.quantity).sum()
}

/// What is reserved to go back of one payment, in minor units.
fn reserved(order: &Order, intent: &IntentId) -> i64 {
    let of_it = order.open_refund_actions().filter(|(_, action)| action.intent == *intent);
    of_it.map(|(_, action)| action.amount.amount).sum()
}

/// What was received of one payment and not refunded, in minor units.
fn left_of(order: &Order, intent: &IntentId) -> i64 {
    let facts = &order.payment.facts;
    let refunds = facts.refunds().filter(|refund| refund.intent.as_ref() == Some(intent) && refund.status.counts());
    let refunded: i64 = refunds.map(|refund| refund.amount.amount).sum();
    facts.intent(intent).map_or(0, |fact| fact.received.amount) - refunded
}
