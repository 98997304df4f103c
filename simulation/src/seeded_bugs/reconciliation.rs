//! Reconcilers that miss some of Stripe's objects.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use domain::{IntentId, Order, OrderId, PaymentFact};
use resilience::{Clock as _, Deadline};
use serde_json::json;
use store::{Receipt, ReceiptSource, StoreError, UpdateError, update};
use stripe::{AmountError, Listed, PaymentIntent, Refund, StripeError, intent_facts, refund_facts};
use suite::CallError;

use super::SeededBug;
use super::profiles::{among_strangers, deaf};
use crate::people::{MANY_REFUNDS, TWO_REFUNDS};
use crate::world::{Build, SimulatedSuite};

/// All of them. Webhooks never arrive here, for the product neither.
pub const BUGS: [SeededBug; 3] = [
    SeededBug::new("a page taken for the list", "what Stripe lists is what is on the first page of its list", || {
        reconciled_by(Looks { at_refunds: true, is_strict: false })
    })
    .with_profile(deaf)
    .in_scenario(&MANY_REFUNDS, 4),
    SeededBug::new("one stranger ends the pass", "an object that cannot be read ends the reconciliation", || {
        reconciled_by(Looks { at_refunds: true, is_strict: true })
    })
    .with_profile(among_strangers)
    .in_scenario(&TWO_REFUNDS, 4),
    SeededBug::new("only payments reconciled", "Stripe is asked for its payments, and not for its refunds", || {
        reconciled_by(Looks { at_refunds: false, is_strict: false })
    })
    .with_profile(deaf)
    .in_scenario(&TWO_REFUNDS, 4),
];

/// How far back it looks.
const WINDOW: Duration = Duration::from_hours(7 * 24);

/// Which lists it reads.
#[derive(Clone, Copy)]
struct Looks {
    at_refunds: bool,
    /// Whether every object must be readable.
    is_strict: bool,
}

fn reconciled_by(looks: Looks) -> Build {
    let handler: crate::world::Handler = Rc::new(move |suite, _, deadline| {
        Box::pin(async move {
            reconcile(suite, looks, deadline).await.map_err(|error| CallError::Start(error.into()))?;
            Ok(json!({}))
        })
    });
    Build { handlers: vec![("reconcile-payments", handler)], ..Build::default() }
}

/// Why the next run has to continue.
#[derive(Debug, thiserror::Error)]
enum Unfinished {
    #[error("an object cannot be read")]
    Stranger,
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Amount(#[from] AmountError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn reconcile(suite: &SimulatedSuite, looks: Looks, deadline: Deadline) -> Result<(), Unfinished> {
    let stripe = suite.stripe().await.map_err(|error| StoreError::Unavailable(error.into()))?;
    let since = suite.clock().now().minus(WINDOW);
    let listed = stripe.list_payment_intents(since, None, deadline).await?;
    if looks.is_strict && listed.data.iter().any(|listed| listed.object.is_err()) {
        return Err(Unfinished::Stranger);
    }
    let readable = |listed: Listed<PaymentIntent>| listed.object.ok();
    for intent in listed.data.into_iter().filter_map(readable) {
        apply_facts(suite, intent.order_id(), intent_facts(&intent)?).await?;
    }
    if !looks.at_refunds {
        return Ok(());
    }
    let readable = |listed: Listed<Refund>| listed.object.ok();
    for refund in stripe.list_refunds_since(since, None, deadline).await?.data.into_iter().filter_map(readable) {
        let Some(intent) = refund.payment_intent.as_deref().map(IntentId::from) else { continue };
        let intent = stripe.retrieve_payment_intent(&intent, deadline).await?;
        apply_facts(suite, intent.order_id(), refund_facts(&refund)?).await?;
    }
    Ok(())
}

async fn apply_facts(suite: &SimulatedSuite, id: Option<OrderId>, facts: Vec<PaymentFact>) -> Result<(), StoreError> {
    let Some(id) = id else { return Ok(()) };
    let now = suite.clock().now();
    let receipt = Receipt::from_facts(ReceiptSource::Reconciliation, id, facts.clone(), now, "buggy-reconciliation");
    let apply = |order: &Order| Ok::<_, Infallible>(order.apply_facts(facts.clone(), &order.correlation_id, now));
    match update(&suite.gated_store(), suite.clock(), suite.ids(), id, Some(&receipt), apply).await {
        Err(UpdateError::Store(error)) => Err(error),
        Err(UpdateError::Refused(never)) => match never {},
        Ok(_) | Err(UpdateError::NotFound) => Ok(()),
    }
}
