//! Webhooks that are lost, applied twice, or applied in the wrong order.

use std::rc::Rc;

use domain::{Change, DisputeStatus, IntentStatus, KnownFacts, Order, PaymentFact, RefundFact, RefundStatus};
use serde_json::{Value, json};
use store::{Orders as _, ParkOutcome, Receipt, ReceiptSource, StoreError};

use super::profiles::{distant, unwilling};
use super::{Answer, SeededBug, with};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::people::MONEY_FIRST;
use crate::world::{Build, Handler};

/// All of them.
pub const BUGS: [SeededBug; 10] = [
    SeededBug::new("webhook always answered 200", "Stripe gets a 200, whatever the outcome", || {
        let handler: Handler = Rc::new(|suite, event, deadline| {
            Box::pin(async move {
                let answer = suite.handle("stripe-webhook", event, deadline).await;
                Ok(answer.ok().filter(|answer| answer["statusCode"] == 200).unwrap_or_else(thanks))
            })
        });
        Build { handlers: vec![("stripe-webhook", handler)], ..Build::default() }
    })
    .without_healers()
    .with_profile(unwilling),
    SeededBug::new("receipt before effect", "a webhook is noted as seen, and then it is merged", || with(ReceiptFirst))
        .without_healers(),
    SeededBug::new("unknown order's facts dropped", "a webhook of an order that is not there is not ours", || {
        with(NotOurs)
    })
    .without_healers()
    .in_scenario(&MONEY_FIRST, 8),
    SeededBug::new("parked without a look", "facts are parked without looking whether the order has come", || {
        with(ParkedBlindly)
    })
    .without_healers()
    .with_profile(distant)
    .in_scenario(&MONEY_FIRST, 8),
    SeededBug::new(
        "facts dropped while their order comes",
        "facts that meet their order being placed are dropped",
        || with(DroppedOnArrival),
    )
    .with_profile(distant)
    .in_scenario(&MONEY_FIRST, 8)
    .without_healers(),
    SeededBug::new("a refund is for ever", "a webhook that says that a refund failed is taken for an old one", || {
        with(Deaf(|fact| matches!(fact, PaymentFact::Refund(refund) if refund.status == RefundStatus::Failed)))
    })
    .without_healers(),
    SeededBug::new("a loss is for ever", "a webhook that says that a dispute is won is taken for an old one", || {
        with(Deaf(|fact| matches!(fact, PaymentFact::Dispute(dispute) if dispute.status == DisputeStatus::Won)))
    })
    .without_healers(),
    SeededBug::new("last webhook wins", "an order's payment is what the webhook says that came last", || {
        with(Believing(|_| true))
    }),
    SeededBug::new("old failure flips a paid order", "a failed attempt is applied whenever it arrives", || {
        with(Believing(is_failure))
    }),
    SeededBug::new(
        "refunds added up",
        "charge.refunded is booked as another refund, with the sum that it names",
        || with(AddedUp),
    ),
];

fn thanks() -> Value {
    json!({ "statusCode": 200, "headers": {}, "body": "{}", "isBase64Encoded": false })
}

struct ReceiptFirst;

impl BuggyStore for ReceiptFirst {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let Some(receipt) = receipt.filter(|receipt| receipt.source == ReceiptSource::Webhook) else {
                return context.save(change, receipt).await;
            };
            let known = context.memory.receipts(change.order.id).await?;
            if known.iter().any(|known| known.event_id == receipt.event_id) {
                return Ok(());
            }
            context.memory.record(receipt).await?;
            context.meanwhile().await;
            context.save(change, None).await
        })
    }
}

struct NotOurs;

impl BuggyStore for NotOurs {
    fn park<'a>(&'a self, _: &'a StoreContext, _: &'a Receipt) -> Answer<'a, ParkOutcome> {
        Box::pin(async { Ok(ParkOutcome::Parked) })
    }
}

struct ParkedBlindly;

impl BuggyStore for ParkedBlindly {
    fn park<'a>(&'a self, context: &'a StoreContext, receipt: &'a Receipt) -> Answer<'a, ParkOutcome> {
        Box::pin(async move {
            // Parked facts of an order that exists are never read.
            context.memory.park(receipt).await?;
            Ok(ParkOutcome::Parked)
        })
    }
}

struct DroppedOnArrival;

impl BuggyStore for DroppedOnArrival {
    fn park<'a>(&'a self, context: &'a StoreContext, receipt: &'a Receipt) -> Answer<'a, ParkOutcome> {
        Box::pin(async move {
            context.memory.park(receipt).await?;
            Ok(ParkOutcome::Parked)
        })
    }
}

/// Facts of webhooks that are not believed.
struct Deaf(fn(&PaymentFact) -> bool);

impl BuggyStore for Deaf {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let is_old =
                |receipt: &&Receipt| receipt.source == ReceiptSource::Webhook && receipt.facts.iter().any(self.0);
            match receipt.filter(is_old) {
                Some(receipt) => context.memory.record(&Receipt { facts: Vec::new(), ..receipt.clone() }).await,
                None => context.save(change, receipt).await,
            }
        })
    }
}

fn is_failure(fact: &PaymentFact) -> bool {
    matches!(fact, PaymentFact::PaymentIntent(intent) if intent.status == IntentStatus::PaymentFailed)
}

/// Replaces what was known of an object of this kind by what the webhook says.
struct Believing(fn(&PaymentFact) -> bool);

impl Believing {
    fn believe(&self, order: &Order, receipt: &Receipt) -> Option<Change> {
        let told = |known: &PaymentFact| receipt.facts.iter().any(|fact| (self.0)(fact) && is_same(fact, known));
        let mut forgotten = KnownFacts::default();
        forgotten.extend(order.payment.facts.clone().into_facts().filter(|known| !told(known)));
        let mut now = forgotten.clone();
        now.extend(receipt.facts.clone());
        if now == order.payment.facts {
            return None;
        }
        let mut before = order.clone();
        before.payment.facts = forgotten;
        before.apply_facts(receipt.facts.clone(), &receipt.correlation_id, receipt.received_at)
    }
}

fn is_same(one: &PaymentFact, other: &PaymentFact) -> bool {
    match (one, other) {
        (PaymentFact::PaymentIntent(one), PaymentFact::PaymentIntent(other)) => one.id == other.id,
        (PaymentFact::Refund(one), PaymentFact::Refund(other)) => one.id == other.id,
        (PaymentFact::Dispute(one), PaymentFact::Dispute(other)) => one.id == other.id,
        _ => false,
    }
}

/// Stripe's charges as a second source of refunded amounts.
struct AddedUp;

impl AddedUp {
    fn add(order: &Order, receipt: &Receipt) -> Option<Change> {
        let as_refund = |fact: &PaymentFact| match fact {
            PaymentFact::Charge(charge) if charge.refunded.amount > 0 => Some(PaymentFact::Refund(RefundFact {
                status: RefundStatus::Succeeded,
                amount: charge.refunded,
                intent: charge.intent.clone(),
                action: None,
                id: receipt.event_id.as_str().into(),
            })),
            _ => None,
        };
        let mut facts = receipt.facts.clone();
        facts.extend(receipt.facts.iter().filter_map(as_refund));
        order.apply_facts(facts, &receipt.correlation_id, receipt.received_at)
    }
}

/// Applies a webhook in a buggy way.
async fn write(
    context: &StoreContext,
    receipt: &Receipt,
    read: impl Fn(&Order) -> Option<Change>,
) -> Result<(), StoreError> {
    let order = context.memory.find(receipt.order_id).await?;
    match order.and_then(|order| read(&order)) {
        Some(change) => context.save(&change, Some(receipt)).await,
        None => context.memory.record(receipt).await,
    }
}

impl BuggyStore for Believing {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            match receipt.filter(|receipt| receipt.source == ReceiptSource::Webhook) {
                Some(receipt) => write(context, receipt, |order| self.believe(order, receipt)).await,
                None => context.save(change, receipt).await,
            }
        })
    }

    fn record<'a>(&'a self, context: &'a StoreContext, receipt: &'a Receipt) -> Answer<'a, ()> {
        Box::pin(write(context, receipt, |order| self.believe(order, receipt)))
    }
}

impl BuggyStore for AddedUp {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            match receipt.filter(|receipt| receipt.source == ReceiptSource::Webhook) {
                Some(receipt) => write(context, receipt, |order| Self::add(order, receipt)).await,
                None => context.save(change, receipt).await,
            }
        })
    }

    fn record<'a>(&'a self, context: &'a StoreContext, receipt: &'a Receipt) -> Answer<'a, ()> {
        Box::pin(write(context, receipt, |order| Self::add(order, receipt)))
    }
}
