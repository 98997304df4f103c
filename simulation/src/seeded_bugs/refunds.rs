//! Refunds that are requested before they are reserved, or reserved without a check.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use domain::{
    Change, EventId, IdempotencyKey, Order, OrderEvent, OrderId, RefundAction, RefundActionId, RefundReason,
    RefundRefused, RefundRequest,
};
use futures::future::LocalBoxFuture;
use http::{HeaderValue, Method};
use resilience::{Clock as _, Deadline};
use serde_json::{Value, json};
use store::{Orders as _, Receipt, ReceiptSource, StoreError, UpdateError, update};
use stripe::{NewRefund, StripeError, refund_facts};

use super::profiles::lossy;
use super::{SeededBug, answer, body_of, order_of};
use crate::people::{PART_REFUNDS, RIVAL_REFUNDS};
use crate::world::{Build, Handler, SimulatedSuite};

/// All of them.
pub const BUGS: [SeededBug; 3] = [
    SeededBug::new(
        "refund cap read before",
        "whether so much is left is asked before, not while it is reserved",
        || handled(|suite, wanted, _| Box::pin(reserve_unseen(suite, wanted))),
    )
    .in_scenario(&RIVAL_REFUNDS, 4),
    SeededBug::new(
        "refunded, then reserved",
        "Stripe is asked for the refund first, and then it is noted in the order",
        || handled(|suite, wanted, deadline| Box::pin(refund_first(suite, wanted, deadline))),
    )
    .in_scenario(&RIVAL_REFUNDS, 4),
    SeededBug::new("refund retried under a new key", "each try of a refund has an idempotency key of its own", || {
        let tries = Cell::new(0_u32);
        let mutator = move |request: &mut http::Request<bytes::Bytes>| {
            if request.method() == Method::POST && request.uri().path() == "/v1/refunds" {
                tries.set(tries.get() + 1);
                request.headers_mut().insert("idempotency-key", HeaderValue::from(tries.get()));
            }
        };
        Build { mutator: Some(Rc::new(mutator)), ..Build::default() }
    })
    .with_profile(lossy)
    .in_scenario(&PART_REFUNDS, 4),
];

const REQUEST: &str = "buggy-refund";

/// Why there is no refund.
#[derive(Debug, thiserror::Error)]
enum NoRefund {
    #[error("no such order")]
    NoOrder,
    #[error(transparent)]
    Refused(#[from] RefundRefused),
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Update(#[from] UpdateError<Infallible>),
}

impl From<UpdateError<RefundRefused>> for NoRefund {
    fn from(error: UpdateError<RefundRefused>) -> Self {
        match error {
            UpdateError::NotFound => Self::NoOrder,
            UpdateError::Refused(refused) => Self::Refused(refused),
            UpdateError::Store(error) => Self::Store(error),
        }
    }
}

/// What staff request.
struct RefundDue {
    order: OrderId,
    request: RefundRequest,
}

impl RefundDue {
    fn of(event: &Value) -> Option<Self> {
        let order = order_of(event)?;
        let key: IdempotencyKey = event["headers"]["idempotency-key"].as_str()?.parse().ok()?;
        let request = RefundRequest {
            action: RefundActionId::derived(order, &key).to_string(),
            amount: body_of(event)?["amount"].as_i64(),
            reason: RefundReason::RequestedByCustomer,
            by: "staff".to_owned(),
            transfer: None,
        };
        Some(Self { order, request })
    }
}

/// The work on a request. Returns the refunded amount in minor units.
type Work = for<'a> fn(&'a SimulatedSuite, RefundDue, Deadline) -> LocalBoxFuture<'a, Result<i64, NoRefund>>;

fn handled(work: Work) -> Build {
    let handler: Handler = Rc::new(move |suite, event, deadline| {
        Box::pin(async move {
            let Some(wanted) = RefundDue::of(&event) else { return Ok(answer(400, &json!({}))) };
            let id = wanted.request.action.clone();
            Ok(match work(suite, wanted, deadline).await {
                Ok(amount) => answer(201, &json!({ "refund_id": id, "amount": amount, "status": "pending" })),
                Err(NoRefund::NoOrder) => answer(404, &json!({ "code": "not-found" })),
                Err(NoRefund::Refused(_) | NoRefund::Stripe(StripeError::Invalid { .. })) => {
                    answer(409, &json!({ "code": "refund-refused" }))
                }
                Err(_) => answer(503, &json!({ "code": "unavailable" })),
            })
        })
    });
    Build { handlers: vec![("refund-order", handler)], ..Build::default() }
}

/// The refund as the order would reserve it now.
fn decided(order: &Order, request: &RefundRequest, suite: &SimulatedSuite) -> Result<(RefundAction, Change), NoRefund> {
    let change = order.request_refund(request, REQUEST, suite.clock().now())?;
    // A repeated request changes nothing.
    let change = change.unwrap_or_else(|| unchanged(order));
    let action = change.order.payment.refund_actions.get(&request.action).cloned();
    Ok((action.ok_or(RefundRefused::AnotherRefund)?, change))
}

fn unchanged(order: &Order) -> Change {
    Change { order: order.clone(), events: Vec::new(), ledger: Vec::new(), stock: [].into() }
}

async fn reserve_unseen(suite: &SimulatedSuite, RefundDue { order, request }: RefundDue) -> Result<i64, NoRefund> {
    let (store, clock, ids) = (suite.gated_store(), suite.clock(), suite.ids());
    let known = store.find(order).await?.ok_or(NoRefund::NoOrder)?;
    let (action, change) = decided(&known, &request, suite)?;
    let add = |stored: &Order| Ok::<_, Infallible>(added(stored, &request.action, &action, &change.events));
    update(&store, clock, ids, order, None, add).await?;
    Ok(action.amount.amount)
}

/// The order with this refund, whatever else is reserved.
fn added(order: &Order, id: &str, action: &RefundAction, events: &[OrderEvent]) -> Option<Change> {
    if order.payment.refund_actions.contains_key(id) {
        return None;
    }
    let mut change = unchanged(order);
    change.order.version += 1;
    change.order.payment.refund_actions.insert(id.to_owned(), action.clone());
    let (order_version, status) = (change.order.version, order.status);
    let told = events.iter().enumerate().map(|(index, event)| {
        let event_id = EventId::derived(order.id, order_version, index);
        OrderEvent { event_id, order_version, status, ..event.clone() }
    });
    change.events = told.collect();
    Some(change)
}

async fn refund_first(
    suite: &SimulatedSuite,
    RefundDue { order, request }: RefundDue,
    deadline: Deadline,
) -> Result<i64, NoRefund> {
    let (store, clock, ids) = (suite.gated_store(), suite.clock(), suite.ids());
    let known = store.find(order).await?.ok_or(NoRefund::NoOrder)?;
    let (RefundAction { intent, amount, reason, .. }, _) = decided(&known, &request, suite)?;
    let stripe = suite.stripe().await.map_err(|error| StoreError::Unavailable(error.into()))?;
    let new = NewRefund { action: &request.action, order_id: order, intent: &intent, amount, reason };
    let made = stripe.create_refund(&new, deadline).await?;
    update(&store, clock, ids, order, None, |order| order.request_refund(&request, REQUEST, clock.now())).await?;
    let (facts, now) = (refund_facts(&made).map_err(StripeError::from)?, clock.now());
    let receipt = Receipt::from_facts(ReceiptSource::Settlement, order, facts.clone(), now, REQUEST);
    let apply = |order: &Order| Ok::<_, Infallible>(order.apply_facts(facts.clone(), REQUEST, now));
    update(&store, clock, ids, order, Some(&receipt), apply).await?;
    Ok(amount.amount)
}
