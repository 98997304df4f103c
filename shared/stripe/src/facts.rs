//! From Stripe's objects to `domain`'s payment facts. First whose an object is, then what it says: other systems in the same
//! account make objects as well, and what those say is not for us to understand.

use domain::{ChargeFact, DisputeFact, IntentFact, IntentId, OrderId, PaymentFact, RefundFact};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{AmountError, Charge, Dispute, Event, PaymentIntent, Refund, from_stripe};

/// Whose an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An order of ours, or an intent that may be one's: [`facts`] reads it.
    Ours(OrderReference),
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

impl OrderReference {
    /// How an object says it; `None` if it is nobody's of ours. Nothing else of the object is looked at.
    pub fn of(object: &Value) -> Option<Self> {
        let order = object["metadata"]["order_id"].as_str().and_then(|id| id.parse().ok());
        let intent = &object["payment_intent"];
        let intent = || intent.as_str().or_else(|| intent["id"].as_str());
        order.map(Self::Order).or_else(|| intent().map(|id| Self::Intent(id.into())))
    }
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

/// The types of event that [`facts`] reads; every other one is [`Owner::Unhandled`].
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

/// What an event of one of these types is about.
enum Subject {
    PaymentIntent,
    Charge,
    Refund,
    Dispute,
}

fn subject(event_type: &str) -> Option<Subject> {
    if !EVENT_TYPES.contains(&event_type) {
        return None;
    }
    let subjects = [
        ("payment_intent.", Subject::PaymentIntent),
        ("charge.dispute.", Subject::Dispute),
        ("charge.", Subject::Charge),
        ("refund.", Subject::Refund),
    ];
    subjects.into_iter().find(|(prefix, _)| event_type.starts_with(prefix)).map(|(_, subject)| subject)
}

/// Whose the event is.
pub fn owner(event: &Event) -> Owner {
    if subject(&event.kind).is_none() {
        return Owner::Unhandled;
    }
    OrderReference::of(&event.object).map_or(Owner::NotOurs, Owner::Ours)
}

/// What an event of ours says; nothing if no order depends on its type.
///
/// # Errors
///
/// [`UnreadableEvent`]: this version cannot read it.
pub fn facts(event: &Event) -> Result<Vec<PaymentFact>, UnreadableEvent> {
    let seen_at = event.created.seconds();
    Ok(match subject(&event.kind) {
        Some(Subject::PaymentIntent) => intent_facts(&object::<PaymentIntent>(event)?.seen(seen_at))?,
        Some(Subject::Charge) => charge_facts(&object(event)?, seen_at)?,
        Some(Subject::Refund) => refund_facts(&object(event)?)?,
        Some(Subject::Dispute) => dispute_facts(&object::<Dispute>(event)?.seen(seen_at))?,
        None => Vec::new(),
    })
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
        created: intent.created,
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

/// What a dispute says, as it was at its `seen_at`.
///
/// # Errors
///
/// [`AmountError`] if our units cannot express its amount.
pub fn dispute_facts(dispute: &Dispute) -> Result<Vec<PaymentFact>, AmountError> {
    let fact = DisputeFact {
        seen_at: dispute.seen_at,
        status: dispute.status,
        withdrawn: dispute.withdrawn(),
        due_by: dispute.due_by(),
        amount: from_stripe(dispute.amount, &dispute.currency)?,
        intent: intent_id(dispute.payment_intent.as_deref()),
        id: dispute.id.clone(),
    };
    Ok(vec![PaymentFact::Dispute(fact)])
}

fn object<O: DeserializeOwned>(event: &Event) -> Result<O, serde_json::Error> {
    serde_json::from_value(event.object.clone())
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
        let (account, api_version) = (None, None);
        Event { id: "evt_1".to_owned(), kind: kind.to_owned(), created, livemode: false, account, api_version, object }
    }

    fn read(kind: &str, object: Value) -> (OrderReference, PaymentFact) {
        let event = event(kind, object);
        let Owner::Ours(order) = owner(&event) else { panic!("{kind}: {:?}", owner(&event)) };
        (order, facts(&event).unwrap().into_iter().next().unwrap())
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
        assert_eq!(owner(&event("refund.created", from_dashboard)), Owner::NotOurs);
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
        assert_eq!(owner(&event("payment_intent.succeeded", stranger)), Owner::NotOurs);
        for kind in ["customer.created", "payment_intent.amount_capturable_updated", "charge.succeeded", "", "x"] {
            let event = event(kind, json!({"id": 1, "metadata": {"order_id": ORDER.to_string()}}));
            assert_eq!((owner(&event), facts(&event).unwrap()), (Owner::Unhandled, vec![]), "{kind}");
        }
    }

    #[test]
    fn what_others_make_in_the_same_account_is_told_apart_without_being_understood() {
        for object in [
            json!({"id": "pi_9", "metadata": null, "currency": "usdc", "amount": "1"}),
            json!({"id": "pi_9", "metadata": {"invoice": 4711}, "status": "requires_something_new"}),
            json!({"id": "pi_9", "metadata": {"order_id": ["x"]}}),
            json!({"id": "ch_9", "payment_intent": null, "currency": "iqd", "amount_refunded": 550}),
            json!([]),
            json!(null),
        ] {
            for kind in EVENT_TYPES {
                assert_eq!(owner(&event(kind, object.clone())), Owner::NotOurs, "{kind} {object}");
            }
        }
    }

    #[test]
    fn the_types_that_are_read_are_those_that_are_listed() {
        // Stripe takes at most 20 in one list of events.
        assert!(EVENT_TYPES.len() <= 20);
        for kind in EVENT_TYPES {
            let event = event(kind, json!({"id": 1, "metadata": {"order_id": ORDER.to_string()}}));
            assert_eq!(owner(&event), Owner::Ours(OrderReference::Order(ORDER)), "{kind}");
            assert!(matches!(facts(&event), Err(UnreadableEvent::Object(_))), "{kind}: {:?}", facts(&event));
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
        let broken = intent(&json!({"amount": "1250"}));
        assert!(matches!(facts(&event("payment_intent.created", broken)), Err(UnreadableEvent::Object(_))));
        let odd = intent(&json!({"currency": "zzz"}));
        assert!(matches!(facts(&event("payment_intent.created", odd)), Err(UnreadableEvent::Amount(_))));
    }
}
