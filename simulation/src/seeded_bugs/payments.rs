//! Payments that are requested twice, or that no order knows.

use std::rc::Rc;

use bytes::Bytes;
use domain::{Change, IntentStatus, Order};
use http::Request;
use resilience::{Clock as _, Deadline, Ids as _};
use serde_json::{Value, json};
use store::{Orders as _, Receipt, StoreError, UpdateError, update};
use stripe::{NewIntent, StripeError, intent_facts};
use suite::CallError;

use super::profiles::lossy;
use super::{Answer, SeededBug, answer, order_of, with};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::world::{Build, Handler, SimulatedSuite};

/// All of them.
pub const BUGS: [SeededBug; 5] = [
    SeededBug::new("no idempotency key", "requests to Stripe carry no Idempotency-Key", || Build {
        mutator: Some(Rc::new(|request| {
            request.headers_mut().remove("idempotency-key");
        })),
        ..Build::default()
    })
    .with_profile(lossy),
    SeededBug::new(
        "every currency has cents",
        "amounts are sent in hundredths, also of a currency that has none",
        || Build { mutator: Some(Rc::new(in_hundredths)), ..Build::default() },
    ),
    SeededBug::new("a fresh intent for each request", "every request to pay gets an intent of its own", || {
        let handler: Handler = Rc::new(|suite, event, deadline| {
            Box::pin(async move { Ok(told(fresh_intent(suite, &event, deadline).await?)) })
        });
        Build { handlers: vec![("create-payment-intent", handler)], ..Build::default() }
    }),
    SeededBug::new(
        "secret before the intent is noted",
        "the intent is given away, and noted when its money comes",
        || with(NotedWhenPaid),
    ),
    SeededBug::new("customer's key dropped", "each request to place an order is a new one", || {
        let handler: Handler = Rc::new(|suite, mut event, deadline| {
            Box::pin(async move {
                event["headers"]["idempotency-key"] = suite.ids().fresh().to_string().into();
                suite.handle("create-order", event, deadline).await
            })
        });
        Build { handlers: vec![("create-order", handler)], ..Build::default() }
    }),
];

fn in_hundredths(request: &mut Request<Bytes>) {
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
    if request.uri().path() != "/v1/payment_intents" || !form.iter().any(|(_, value)| value == "jpy") {
        return;
    }
    let hundredfold = |(name, value): (String, String)| {
        let value = if name == "amount" { format!("{value}00") } else { value };
        (name, value)
    };
    let form = form.into_iter().map(hundredfold);
    *request.body_mut() = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into();
}

/// Why there is no new intent.
#[derive(Debug, thiserror::Error)]
enum NoIntent {
    #[error("no such order")]
    NoOrder,
    #[error("no longer to be paid")]
    NotAwaited,
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Update(#[from] UpdateError<std::convert::Infallible>),
}

fn told(made: Result<Value, NoIntent>) -> Value {
    match made {
        Ok(payment) => answer(200, &json!({ "payment": payment })),
        Err(NoIntent::NoOrder) => answer(404, &json!({ "code": "not-found" })),
        Err(NoIntent::NotAwaited) => answer(409, &json!({ "code": "not-awaiting-payment" })),
        Err(_) => answer(503, &json!({ "code": "unavailable" })),
    }
}

async fn fresh_intent(
    suite: &SimulatedSuite,
    event: &Value,
    deadline: Deadline,
) -> Result<Result<Value, NoIntent>, CallError> {
    let stripe = suite.stripe().await.map_err(|error| CallError::Start(error.into()))?;
    let made = async {
        let (store, clock) = (suite.gated_store(), suite.clock());
        let order = store.find(order_of(event).ok_or(NoIntent::NoOrder)?).await?.ok_or(NoIntent::NoOrder)?;
        if !order.status.awaits_payment() {
            return Err(NoIntent::NotAwaited);
        }
        let attempt = suite.ids().fresh().as_fields().0;
        let intent = stripe.create_payment_intent(&NewIntent { attempt, ..NewIntent::of(&order) }, deadline).await?;
        let facts = intent_facts(&intent).map_err(StripeError::from)?;
        let attach = |order: &Order| Ok(order.attach_intent(intent.id.clone(), facts.clone(), "corr", clock.now()));
        update(&store, clock, suite.ids(), order.id, None, attach).await?;
        let secret = intent.client_secret.as_ref().map(stripe::ClientSecret::expose);
        Ok(json!({ "intent_id": intent.id, "client_secret": secret, "status": intent.status() }))
    };
    Ok(made.await)
}

struct NotedWhenPaid;

impl BuggyStore for NotedWhenPaid {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let unknown = |stored: &Order| {
                let known: Vec<_> = stored.payment.facts.intents().map(|intent| &intent.id).collect();
                let mut intents = change.order.payment.facts.intents();
                intents.any(|intent| !known.contains(&&intent.id) && intent.status != IntentStatus::Succeeded)
            };
            if context.memory.find(change.order.id).await?.is_some_and(|stored| unknown(&stored)) {
                return Ok(());
            }
            context.save(change, receipt).await
        })
    }
}
