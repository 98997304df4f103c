//! From Stripe's objects to `domain`'s payment facts.

use domain::{ChargeFact, DisputeFact, IntentFact, IntentId, OrderId, PaymentFact, RefundFact};
use serde::de::DeserializeOwned;

use crate::{AmountError, Charge, Dispute, Event, PaymentIntent, Refund, from_stripe, object::order_id};

/// What an event says about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Something about the money of an order of ours.
    Facts {
        /// Which order's.
        order: OrderReference,
        /// What it says.
        facts: Vec<PaymentFact>,
    },
    /// An object without an order or an intent: made by another system in the same account.
    NotOurs,
    /// A type of event that no order depends on.
    Unhandled,
}

/// How an object says which order it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderReference {
    /// By its metadata.
    Order(OrderId),
    /// Only by its intent, as disputes and refunds from the dashboard do. The intent, once retrieved, names the order,
    /// unless it is not ours.
    Intent(IntentId),
}

/// The event's object is not what its type promises.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvent {
    /// A field is missing or has a value that this version of the API doesn't have.
    #[error("cannot read the event's object")]
    Object(#[from] serde_json::Error),
    /// An amount that our units cannot express.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// The types of event that [`facts`] reads; every other one is [`Reading::Unhandled`].
pub const EVENT_TYPES: [&str; 15] = [
    "payment_intent.created",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
];

/// What an event says.
///
/// # Errors
///
/// [`UnreadableEvent`]: park the delivery for a person and don't ask Stripe to repeat it.
pub fn facts(event: &Event) -> Result<Reading, UnreadableEvent> {
    let seen_at = event.created.seconds();
    match event.kind.as_str() {
        "payment_intent.created"
        | "payment_intent.processing"
        | "payment_intent.requires_action"
        | "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.canceled" => {
            let intent = object::<PaymentIntent>(event)?.seen(seen_at);
            // An intent of ours names its order; there is nowhere else to look.
            let order = intent.order_id().map(OrderReference::Order);
            Ok(reading(order, intent_facts(&intent)?))
        }
        "charge.refunded" => {
            let charge: Charge = object(event)?;
            let order = reference(order_id(&charge.metadata), charge.payment_intent.as_deref());
            Ok(reading(order, charge_facts(&charge, seen_at)?))
        }
        "refund.created" | "refund.updated" | "refund.failed" => {
            let refund: Refund = object(event)?;
            let order = reference(order_id(&refund.metadata), refund.payment_intent.as_deref());
            Ok(reading(order, refund_facts(&refund)?))
        }
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => {
            let dispute: Dispute = object(event)?;
            let order = reference(None, dispute.payment_intent.as_deref());
            Ok(reading(order, dispute_facts(&dispute)?))
        }
        _ => Ok(Reading::Unhandled),
    }
}

/// What an intent says, as it was at its `seen_at`.
///
/// # Errors
///
/// [`AmountError`] if our units cannot express its amounts.
pub fn intent_facts(intent: &PaymentIntent) -> Result<Vec<PaymentFact>, AmountError> {
    let fact = IntentFact {
        id: intent.id.clone(),
        status: intent.status(),
        seen_at: intent.seen_at,
        amount: from_stripe(intent.amount, &intent.currency)?,
        received: from_stripe(intent.amount_received, &intent.currency)?,
        order_id: intent.order_id(),
    };
    Ok(vec![PaymentFact::PaymentIntent(fact)])
}

/// What a refund says.
///
/// # Errors
///
/// [`AmountError`] if our units cannot express its amount.
pub fn refund_facts(refund: &Refund) -> Result<Vec<PaymentFact>, AmountError> {
    let fact = RefundFact {
        status: refund.status,
        amount: from_stripe(refund.amount, &refund.currency)?,
        intent: intent_id(refund.payment_intent.as_deref()),
        action: refund.action().map(str::to_owned),
        id: refund.id.clone(),
    };
    Ok(vec![PaymentFact::Refund(fact)])
}

fn charge_facts(charge: &Charge, seen_at: i64) -> Result<Vec<PaymentFact>, AmountError> {
    let fact = ChargeFact {
        seen_at,
        refunded: from_stripe(charge.amount_refunded, &charge.currency)?,
        intent: intent_id(charge.payment_intent.as_deref()),
        id: charge.id.clone(),
    };
    Ok(vec![PaymentFact::Charge(fact)])
}

/// What a dispute says.
///
/// # Errors
///
/// [`AmountError`] if our units cannot express its amount.
pub fn dispute_facts(dispute: &Dispute) -> Result<Vec<PaymentFact>, AmountError> {
    let fact = DisputeFact {
        status: dispute.status,
        amount: from_stripe(dispute.amount, &dispute.currency)?,
        intent: intent_id(dispute.payment_intent.as_deref()),
        id: dispute.id.clone(),
    };
    Ok(vec![PaymentFact::Dispute(fact)])
}

fn object<O: DeserializeOwned>(event: &Event) -> Result<O, serde_json::Error> {
    serde_json::from_value(event.object.clone())
}

fn reading(order: Option<OrderReference>, facts: Vec<PaymentFact>) -> Reading {
    order.map_or(Reading::NotOurs, |order| Reading::Facts { order, facts })
}

fn reference(order: Option<OrderId>, intent: Option<&str>) -> Option<OrderReference> {
    order.map(OrderReference::Order).or_else(|| intent_id(intent).map(OrderReference::Intent))
}

fn intent_id(id: Option<&str>) -> Option<IntentId> {
    id.map(IntentId::from)
}

#[cfg(test)]
mod tests {
    use domain::{DisputeStatus, IntentStatus, Money, RefundStatus, Timestamp};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    const ORDER: OrderId = OrderId::from_uuid(Uuid::from_u128(1));
    const SEEN_AT: i64 = 1_790_000_000;

    fn event(kind: &str, object: Value) -> Event {
        let created = Timestamp::from_seconds(SEEN_AT);
        Event { id: "evt_1".to_owned(), kind: kind.to_owned(), created, livemode: false, object }
    }

    fn read(kind: &str, object: Value) -> (OrderReference, PaymentFact) {
        match facts(&event(kind, object)).unwrap() {
            Reading::Facts { order, facts } => (order, facts.into_iter().next().unwrap()),
            other => panic!("{kind}: {other:?}"),
        }
    }

    fn eur(amount: i64) -> Money {
        Money::new(amount, "eur".parse().unwrap())
    }

    fn intent(changes: &Value) -> Value {
        let mut object = json!({"id": "pi_1", "object": "payment_intent", "amount": 1250, "amount_received": 0,
            "currency": "eur", "status": "requires_payment_method", "created": 5,
            "metadata": {"order_id": ORDER.to_string()}});
        object.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        object
    }

    #[test]
    fn every_intent_event_is_a_fact_about_the_intent_at_the_events_second() {
        use IntentStatus as I;
        let failure = json!({"last_payment_error": {"code": "card_declined", "decline_code": null}});
        for (kind, changes, status, received) in [
            ("payment_intent.created", json!({}), I::RequiresPaymentMethod, 0),
            ("payment_intent.processing", json!({"status": "processing"}), I::Processing, 0),
            ("payment_intent.requires_action", json!({"status": "requires_action"}), I::RequiresAction, 0),
            ("payment_intent.succeeded", json!({"status": "succeeded", "amount_received": 1250}), I::Succeeded, 1250),
            ("payment_intent.payment_failed", failure, I::PaymentFailed, 0),
            ("payment_intent.canceled", json!({"status": "canceled"}), I::Canceled, 0),
        ] {
            let (order, fact) = read(kind, intent(&changes));
            assert_eq!(order, OrderReference::Order(ORDER));
            let PaymentFact::PaymentIntent(fact) = fact else { panic!("{fact:?}") };
            assert_eq!((fact.status, fact.seen_at, fact.order_id), (status, SEEN_AT, Some(ORDER)), "{kind}");
            assert_eq!((fact.amount, fact.received), (eur(1250), eur(received)));
        }
    }

    #[test]
    fn refunds_name_their_order_or_else_their_intent() {
        let ours = json!({"id": "re_1", "amount": 500, "currency": "eur", "status": "pending", "created": 1,
            "payment_intent": "pi_1", "metadata": {"order_id": ORDER.to_string(), "refund_action": "a-1"}});
        for kind in ["refund.created", "refund.updated", "refund.failed"] {
            let (order, fact) = read(kind, ours.clone());
            assert_eq!(order, OrderReference::Order(ORDER));
            let PaymentFact::Refund(fact) = fact else { panic!("{fact:?}") };
            assert_eq!((fact.status, fact.amount), (RefundStatus::Pending, eur(500)));
            assert_eq!((fact.action.as_deref(), fact.intent), (Some("a-1"), Some("pi_1".into())));
        }
        let mut from_dashboard = ours;
        from_dashboard["metadata"] = json!({});
        let (order, fact) = read("refund.created", from_dashboard.clone());
        assert_eq!(order, OrderReference::Intent("pi_1".into()));
        assert!(matches!(fact, PaymentFact::Refund(RefundFact { action: None, .. })));

        from_dashboard["payment_intent"] = Value::Null;
        assert_eq!(facts(&event("refund.created", from_dashboard)).unwrap(), Reading::NotOurs);
    }

    #[test]
    fn charges_tell_what_went_back_and_disputes_how_they_stand() {
        let charge = json!({"id": "ch_1", "object": "charge", "amount": 1250, "amount_refunded": 500, "currency": "eur",
            "payment_intent": "pi_1", "metadata": {"order_id": ORDER.to_string()}});
        let (order, fact) = read("charge.refunded", charge);
        assert_eq!(order, OrderReference::Order(ORDER));
        let PaymentFact::Charge(fact) = fact else { panic!("{fact:?}") };
        assert_eq!((fact.refunded, fact.seen_at), (eur(500), SEEN_AT));

        for (kind, status, expected) in [
            ("charge.dispute.created", "needs_response", DisputeStatus::NeedsResponse),
            ("charge.dispute.updated", "under_review", DisputeStatus::UnderReview),
            ("charge.dispute.closed", "lost", DisputeStatus::Lost),
            ("charge.dispute.funds_withdrawn", "needs_response", DisputeStatus::NeedsResponse),
            ("charge.dispute.funds_reinstated", "won", DisputeStatus::Won),
        ] {
            let dispute = json!({"id": "du_1", "amount": 1250, "currency": "eur", "status": status,
                "charge": "ch_1", "payment_intent": "pi_1", "created": 1, "metadata": {}});
            let (order, fact) = read(kind, dispute);
            assert_eq!(order, OrderReference::Intent("pi_1".into()));
            let PaymentFact::Dispute(fact) = fact else { panic!("{fact:?}") };
            assert_eq!((fact.status, fact.amount), (expected, eur(1250)), "{kind}");
        }
    }

    #[test]
    fn other_peoples_objects_and_other_events_are_told_apart() {
        let stranger = intent(&json!({"metadata": {"order_id": "4711"}}));
        assert_eq!(facts(&event("payment_intent.succeeded", stranger)).unwrap(), Reading::NotOurs);
        for kind in ["customer.created", "payment_intent.amount_capturable_updated", "charge.succeeded", "", "x"] {
            assert_eq!(facts(&event(kind, json!({"id": 1}))).unwrap(), Reading::Unhandled, "{kind}");
        }
    }

    #[test]
    fn the_types_that_are_read_are_those_that_are_listed() {
        // Stripe takes at most 20 in one list of events.
        assert!(EVENT_TYPES.len() <= 20);
        for kind in EVENT_TYPES {
            let reading = facts(&event(kind, json!({"id": 1})));
            assert!(matches!(reading, Err(UnreadableEvent::Object(_))), "{kind}: {reading:?}");
        }
    }

    #[test]
    fn amounts_are_put_into_our_units() {
        let (_, fact) = read("payment_intent.created", intent(&json!({"currency": "isk", "amount": 500})));
        let PaymentFact::PaymentIntent(fact) = fact else { panic!("{fact:?}") };
        assert_eq!(fact.amount, Money::new(5, "ISK".parse().unwrap()));
    }

    #[test]
    fn an_object_that_breaks_its_promise_is_an_error_and_not_silence() {
        let broken = intent(&json!({"status": "brand_new"}));
        assert!(matches!(facts(&event("payment_intent.created", broken)), Err(UnreadableEvent::Object(_))));
        let odd = intent(&json!({"currency": "zzz"}));
        assert!(matches!(facts(&event("payment_intent.created", odd)), Err(UnreadableEvent::Amount(_))));
    }
}
