//! The client, the webhook and the facts against the sandbox's Stripe, in process.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::{
    Dispute, Listed, NewIntent, NewRefund, OrderReference, Owner, Page, PaymentIntent, Refund, Stripe, StripeError,
    dispute_facts, facts, intent_facts, owner, refund_facts, verify,
};
use bytes::Bytes;
use domain::{DisputeStatus, IntentId, IntentStatus, KnownFacts, Money, OrderId, PaymentFact, RefundStatus, Timestamp};
use http::Request;
use resilience::{Clock, Deadline, SeededIds, Transport, VirtualClock};
use sandbox::{Fault, FaultKind, Provider, SandboxTransport, Settings, Shared, stripe::Endpoint};
use serde_json::{Value, json};

const URL: &str = "http://sandbox.test";
const KEY: &str = "sk_test_sandbox";
const SECRET: &str = "whsec_of_the_test";

type Client = Stripe<SandboxTransport<VirtualClock>, VirtualClock, SeededIds>;

struct World {
    sandbox: Shared,
    clock: VirtualClock,
    stripe: Client,
}

fn order() -> OrderId {
    "ord_00000000000000000000000000000001".parse().unwrap()
}

fn eur(amount: i64) -> Money {
    Money::new(amount, "eur".parse().unwrap())
}

impl World {
    fn new() -> Self {
        let mut settings = Settings::default();
        settings.stripe.endpoints = vec![Endpoint::new("http://shop.test/webhooks/stripe").signed_with(SECRET)];
        let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
        let sandbox = Shared::new(settings);
        let stripe = client(&sandbox, &clock, KEY);
        Self { sandbox, clock, stripe }
    }

    fn add(&self, fault: Fault) {
        self.sandbox.lock().faults.add(fault.at(Provider::Stripe));
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(&self.clock, Duration::from_mins(1))
    }

    fn create(&self, amount: Money) -> Result<PaymentIntent, StripeError> {
        let new = NewIntent { order_id: order(), attempt: 1, amount, receipt_email: None };
        self.clock.run(self.stripe.create_payment_intent(&new, self.deadline()))
    }

    fn retrieve(&self, id: &IntentId) -> Result<PaymentIntent, StripeError> {
        self.clock.run(self.stripe.retrieve_payment_intent(id, self.deadline()))
    }

    fn refund(&self, intent: &IntentId, action: &str, amount: i64) -> Result<Refund, StripeError> {
        let new = NewRefund {
            action,
            order_id: order(),
            intent,
            amount: eur(amount),
            reason: domain::RefundReason::Duplicate,
        };
        self.clock.run(self.stripe.create_refund(&new, self.deadline()))
    }

    fn intents(&self) -> usize {
        let since = Timestamp::from_seconds(0);
        self.clock.run(self.stripe.list_payment_intents(since, None, self.deadline())).unwrap().data.len()
    }

    /// Confirms as a browser does: with the publishable key and the client secret.
    fn pay(&self, intent: &PaymentIntent, method: &str) {
        let secret = intent.client_secret.as_ref().unwrap().expose();
        let body = format!("payment_method={method}&client_secret={secret}&return_url=http%3A%2F%2Fshop.test%2F");
        let request = Request::post(format!("{URL}/v1/payment_intents/{}/confirm", intent.id))
            .header("authorization", "Bearer pk_test_sandbox")
            .body(Bytes::from(body))
            .unwrap();
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        self.clock.run(transport.send(request)).unwrap();
    }

    fn control(&self, path: &str, body: &Value) {
        let request = Request::post(format!("{URL}/_sandbox/stripe/{path}")).body(Bytes::from(body.to_string()));
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        let answer = self.clock.run(transport.send(request.unwrap())).unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
    }

    /// What the webhooks of the next ten seconds say, every one verified, in the order in which they come.
    fn told(&self) -> Vec<(OrderReference, PaymentFact)> {
        let mut told = vec![];
        for _ in 0..10 {
            self.clock.advance(Duration::from_secs(1));
            let (mut sandbox, now) = (self.sandbox.lock(), self.clock.now());
            for delivery in sandbox.due(now) {
                let header = delivery.headers["stripe-signature"].to_str().unwrap();
                let event = verify(header, &delivery.body, &[SECRET], now).unwrap();
                if let Owner::Ours(order) = owner(&event) {
                    told.extend(facts(&event).unwrap().into_iter().map(|fact| (order.clone(), fact)));
                }
                sandbox.delivered(now, delivery.id, Some(200));
            }
        }
        told
    }

    fn known(&self) -> KnownFacts {
        let mut known = KnownFacts::default();
        known.extend(self.told().into_iter().map(|(_, fact)| fact));
        known
    }
}

fn client(sandbox: &Shared, clock: &VirtualClock, key: &str) -> Client {
    let transport = SandboxTransport::new(sandbox.clone(), clock.clone());
    Stripe::new(transport, clock.clone(), SeededIds::new(1), URL, key)
}

#[test]
fn an_order_is_paid_and_the_webhooks_and_stripes_own_word_agree() {
    let world = World::new();
    let intent = world.create(eur(1250)).unwrap();
    assert_eq!((intent.status(), intent.order_id()), (IntentStatus::RequiresPaymentMethod, Some(order())));
    world.pay(&intent, "pm_card_visa");
    let told = world.told();
    assert!(told.iter().all(|(whose, _)| *whose == OrderReference::Order(order())), "{told:?}");
    let mut known = KnownFacts::default();
    known.extend(told.into_iter().map(|(_, fact)| fact));
    assert_eq!(known.captured(), 1250);

    let now = world.retrieve(&intent.id).unwrap();
    assert_eq!((now.status(), now.amount_received), (IntentStatus::Succeeded, 1250));
    let mut with_ours = known.clone();
    with_ours.extend(intent_facts(&now).unwrap());
    assert_eq!(with_ours.captured(), 1250);
}

#[test]
fn a_declined_card_is_a_failed_try_and_the_next_card_pays() {
    let world = World::new();
    let intent = world.create(eur(1250)).unwrap();
    world.pay(&intent, "pm_card_visa_chargeDeclined");
    let failed = world.retrieve(&intent.id).unwrap();
    assert_eq!(failed.status(), IntentStatus::PaymentFailed);
    assert_eq!(failed.last_payment_error.unwrap().code.as_deref(), Some("card_declined"));
    let known = world.known();
    assert_eq!(known.intent(&intent.id).unwrap().status, IntentStatus::PaymentFailed);
    world.pay(&intent, "pm_card_visa");
    assert_eq!(world.known().captured(), 1250);
}

#[test]
fn however_often_it_is_asked_for_there_is_one_intent() {
    for fault in [
        FaultKind::AnswerLost { millis: 100 },
        FaultKind::Conflict,
        FaultKind::Unavailable,
        FaultKind::Unreachable,
        FaultKind::ConnectionReset,
        FaultKind::TooManyRequests { retry_after: Some(2) },
        FaultKind::InternalError,
    ] {
        let world = World::new();
        world.add(Fault::new(fault.clone()).on("POST", "/v1/payment_intents").nth(1));
        let first = world.create(eur(1250)).unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!(world.create(eur(1250)).unwrap().id, first.id, "{fault:?}");
        assert_eq!(world.intents(), 1, "{fault:?}");
    }
}

#[test]
fn a_key_used_for_another_amount_makes_way_for_the_next() {
    let world = World::new();
    let first = world.create(eur(1250)).unwrap();
    // An earlier release may have asked with other parameters: the next key is taken, and the intent of the first one
    // cannot be paid, since nobody has its secret.
    let other = world.create(eur(1251)).unwrap();
    assert_eq!((other.amount, other.id == first.id, world.intents()), (1251, false, 2));
}

#[test]
fn cancelling_voids_what_is_open_and_tells_what_was_paid() {
    let world = World::new();
    let cancel = |id: &IntentId| world.clock.run(world.stripe.cancel_payment_intent(id, world.deadline())).unwrap();
    let intent = world.create(eur(1250)).unwrap();
    assert_eq!(cancel(&intent.id).status(), IntentStatus::Canceled);
    assert_eq!(cancel(&intent.id).status(), IntentStatus::Canceled);
    assert_eq!(world.known().intent(&intent.id).unwrap().status, IntentStatus::Canceled);

    let world = World::new();
    let paid = world.create(eur(1250)).unwrap();
    world.pay(&paid, "pm_card_visa");
    let after = world.clock.run(world.stripe.cancel_payment_intent(&paid.id, world.deadline())).unwrap();
    assert_eq!(after.status(), IntentStatus::Succeeded);
    let mut known = KnownFacts::default();
    known.extend(world.clock.run(world.stripe.void([&paid.id], world.deadline())).unwrap());
    assert_eq!(known.captured(), 1250);
}

#[test]
fn one_action_is_one_refund_whatever_gets_lost_and_no_more_goes_back_than_came() {
    let world = World::new();
    let intent = world.create(eur(1250)).unwrap();
    world.pay(&intent, "pm_card_visa");
    world.add(Fault::new(FaultKind::AnswerLost { millis: 100 }).on("POST", "/v1/refunds").nth(1));
    let part = world.refund(&intent.id, "a-1", 500).unwrap();
    assert_eq!((part.status, part.action()), (RefundStatus::Succeeded, Some("a-1")));
    assert_eq!(part.order_id(), Some(order()));
    assert_eq!(world.refund(&intent.id, "a-1", 500).unwrap().id, part.id);
    let too_much = world.refund(&intent.id, "a-2", 751).unwrap_err();
    assert!(matches!(too_much, StripeError::Invalid { .. }), "{too_much:?}");
    world.refund(&intent.id, "a-3", 750).unwrap();

    let find = |action: &str| {
        world.clock.run(world.stripe.find_refund(&intent.id, action, world.deadline())).unwrap().map(|found| found.id)
    };
    assert_eq!((find("a-1"), find("a-2")), (Some(part.id), None));
    let known = world.known();
    assert_eq!((known.captured(), known.refunded(), known.refunds().count()), (1250, 1250, 2));
}

#[test]
fn a_saved_failure_of_a_refund_does_not_pay_twice() {
    let world = World::new();
    let intent = world.create(eur(1250)).unwrap();
    world.pay(&intent, "pm_card_visa");
    world.add(Fault::new(FaultKind::InternalError).on("POST", "/v1/refunds").nth(1));
    assert!(matches!(world.refund(&intent.id, "a-1", 500), Err(StripeError::KeySpent)));
    assert_eq!(world.clock.run(world.stripe.list_refunds(&intent.id, world.deadline())).unwrap(), []);
    world.refund(&intent.id, "a-2", 500).unwrap();
}

#[test]
fn a_dispute_names_its_intent_and_takes_the_money_when_lost() {
    let world = World::new();
    let intent = world.create(eur(1250)).unwrap();
    world.pay(&intent, "pm_card_createDispute");
    let told = world.told();
    let (whose, dispute) = told.iter().find(|(_, fact)| matches!(fact, PaymentFact::Dispute(_))).unwrap();
    assert_eq!(*whose, OrderReference::Intent(intent.id.clone()));
    let PaymentFact::Dispute(dispute) = dispute else { unreachable!() };
    assert_eq!((dispute.status, dispute.amount), (DisputeStatus::NeedsResponse, eur(1250)));
    assert_eq!(world.retrieve(&intent.id).unwrap().order_id(), Some(order()));
    world.control(&format!("disputes/{}/close", dispute.id), &json!({"outcome": "lost"}));
    let mut known = world.known();
    known.extend(told.into_iter().map(|(_, fact)| fact));
    assert_eq!(known.lost(), 1250);
}

#[test]
fn an_inquiry_holds_no_money_until_it_becomes_a_dispute() {
    let world = World::new();
    let intent = world.create(eur(1250)).unwrap();
    world.pay(&intent, "pm_card_visa");
    let mut known = world.known();
    let mut after = |path: &str, body: &Value| {
        world.control(path, body);
        known.extend(world.told().into_iter().map(|(_, fact)| fact));
        (known.has_open_dispute(), known.lost())
    };
    assert_eq!(after("disputes", &json!({"payment_intent": intent.id, "inquiry": true})), (false, 0));
    let inquiry = world.clock.run(world.stripe.list_disputes(&intent.id, world.deadline())).unwrap().remove(0);
    assert_eq!(inquiry.status, DisputeStatus::WarningNeedsResponse);
    let path = |what: &str| format!("disputes/{}/{what}", inquiry.id);
    assert_eq!(after(&path("review"), &json!({})), (false, 0));
    assert_eq!(after(&path("escalate"), &json!({})), (true, 0));
    assert_eq!(after(&path("review"), &json!({})), (true, 0));
    assert_eq!(after(&path("close"), &json!({"outcome": "won"})), (false, 0));
}

/// Everything on the pages that `list` gives, and how many pages there were.
fn all<O: Clone>(mut list: impl FnMut(Option<&O>) -> Page<O>) -> (Vec<O>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = list(found.last());
        let more = page.next().is_some();
        found.extend(objects(page));
        pages += 1;
        if !more {
            return (found, pages);
        }
    }
}

fn objects<O>(page: Page<O>) -> Vec<O> {
    page.data.into_iter().map(|Listed { object, .. }| object.unwrap()).collect()
}

/// A shop that got no webhook finds everything in Stripe's lists, page by page, within its rate limits.
#[test]
fn the_lists_tell_what_no_webhook_told() {
    let world = World::new();
    world.add(Fault::new(FaultKind::WebhookDrop { acknowledged: true }));
    world.control("limits", &json!({"per_second": 2}));
    let order = json!({"order_id": order()});
    for _ in 0..250 {
        world.control("payment_intents", &json!({"amount": 1250, "currency": "eur", "metadata": order}));
    }
    let since = world.clock.now();
    let (intents, pages) = all(|last: Option<&PaymentIntent>| {
        let after = last.map(|last| &last.id);
        world.clock.run(world.stripe.list_payment_intents(since, after, world.deadline())).unwrap()
    });
    let ids: BTreeSet<_> = intents.iter().map(|intent| &intent.id).collect();
    assert_eq!((intents.len(), ids.len(), pages), (250, 250, 3));
    assert!(world.clock.now() > since, "it had to wait");

    let (refunded, contested) = (&intents[7].id, &intents[8].id);
    world.control("refunds", &json!({"payment_intent": refunded, "amount": 300}));
    world.control("disputes", &json!({"payment_intent": contested}));
    assert_eq!(world.told(), [], "nothing was told");
    let refunds = objects(world.clock.run(world.stripe.list_refunds_since(since, None, world.deadline())).unwrap());
    let [PaymentFact::Refund(refund)] = &*refund_facts(&refunds[0]).unwrap() else { panic!() };
    assert_eq!((&refund.intent, refund.amount, &refund.action), (&Some(refunded.clone()), eur(300), &None));
    let disputes = objects(world.clock.run(world.stripe.list_disputes_since(since, None, world.deadline())).unwrap());
    let of_intent = world.clock.run(world.stripe.list_disputes(contested, world.deadline())).unwrap();
    let ids = |disputes: &[Dispute]| disputes.iter().map(|dispute| dispute.id.clone()).collect::<Vec<_>>();
    assert_eq!((disputes.len(), ids(&of_intent)), (1, ids(&disputes)));
    let [PaymentFact::Dispute(dispute)] = &*dispute_facts(&disputes[0]).unwrap() else { panic!() };
    assert_eq!((&dispute.intent, dispute.status), (&Some(contested.clone()), DisputeStatus::NeedsResponse));
    assert_eq!(world.clock.run(world.stripe.list_disputes(refunded, world.deadline())).unwrap(), []);
}

#[test]
fn the_events_of_thirty_days_tell_the_same_as_the_webhooks() {
    let world = World::new();
    let since = world.clock.now();
    let intent = world.create(eur(1250)).unwrap();
    world.pay(&intent, "pm_card_visa");
    world.refund(&intent.id, "a-1", 500).unwrap();
    world.control("disputes", &json!({"payment_intent": intent.id, "inquiry": true}));
    let told = world.told();
    let list = || world.clock.run(world.stripe.list_events(since, None, world.deadline())).unwrap();
    let read = || -> Vec<(OrderReference, PaymentFact)> {
        let mut read = Vec::new();
        for event in objects(list()).iter().rev() {
            let Owner::Ours(order) = owner(event) else { panic!("not asked for: {event:?}") };
            read.extend(facts(event).unwrap().into_iter().map(|fact| (order.clone(), fact)));
        }
        read
    };
    assert_eq!((told.len(), read()), (5, told));
    world.clock.advance(Duration::from_hours(31 * 24));
    assert!(list().data.is_empty(), "Stripe does not reach back further");
}

#[test]
fn money_in_another_currency_and_for_an_unknown_order_is_told_as_it_is() {
    let world = World::new();
    let stranger: OrderId = "ord_00000000000000000000000000000009".parse().unwrap();
    for (amount, currency, order) in [(1249, "eur", order()), (1250, "usd", order()), (1250, "eur", stranger)] {
        let paid = json!({"amount": amount, "currency": currency, "metadata": {"order_id": order}});
        world.control("payment_intents", &paid);
        let told = world.told();
        let (whose, PaymentFact::PaymentIntent(fact)) = told.last().unwrap() else { panic!("{told:?}") };
        assert_eq!((whose, fact.status), (&OrderReference::Order(order), IntentStatus::Succeeded));
        assert_eq!(fact.received, Money::new(amount, currency.parse().unwrap()));
    }
}

#[test]
fn amounts_are_refused_by_us_where_stripe_would_refuse_them() {
    let world = World::new();
    assert!(matches!(world.create(eur(49)), Err(StripeError::Amount(_))));
    let kwd = Money::new(5124, "kwd".parse().unwrap());
    assert!(matches!(world.create(kwd), Err(StripeError::Amount(_))));
    let isk = world.create(Money::new(500, "isk".parse().unwrap())).unwrap();
    assert_eq!((isk.amount, isk.currency.as_str()), (50_000, "isk"));
}

#[test]
fn what_an_operator_must_mend_and_what_is_not_there_is_told() {
    let world = World::new();
    assert!(world.retrieve(&"pi_none".into()).unwrap_err().is_missing());
    let stranger = client(&world.sandbox, &world.clock, "sk_test_wrong");
    let refused = world.clock.run(stranger.retrieve_payment_intent(&"pi_1".into(), world.deadline()));
    assert!(matches!(refused, Err(StripeError::Unauthorized { status: 401 })), "{refused:?}");
}
