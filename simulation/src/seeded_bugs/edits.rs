//! Carts that change while the customer pays for the former one.

use std::rc::Rc;

use checkout::{Checkout, CheckoutError, Quote};
use domain::{CartLine, Change, EditRefused, LineRequest, Order, OrderEdit, OrderId, PaymentChoice, PricedLines};
use resilience::{Clock, Deadline};
use serde_json::{Value, json};
use store::{Orders as _, StoreError, UpdateError, update};

use super::{SeededBug, answer, as_if_voided, body_of, order_of};
use crate::people::EDIT_IN_ONE_TAB;
use crate::world::{Build, Handler, SimulatedSuite};

/// All of them.
pub const BUGS: [SeededBug; 1] = [SeededBug::new(
    "edited before the intent is void",
    "the cart is written first, and then the intent for the former total is given up",
    || {
        let handler: Handler = Rc::new(|suite, event, deadline| {
            Box::pin(async move {
                Ok(match Box::pin(edit_first(suite, &event, deadline)).await {
                    Ok(order) => answer(200, &json!({ "status": order.status, "total": order.total.amount })),
                    Err(NotEdited::TooLate) => answer(409, &json!({ "code": "too-late-to-edit" })),
                    Err(_) => answer(503, &json!({ "code": "unavailable" })),
                })
            })
        });
        Build { handlers: vec![("update-order", handler)], ..Build::default() }
    },
)
.in_scenario(&EDIT_IN_ONE_TAB, 8)];

/// Why the cart or the intent stays as it is.
#[derive(Debug, thiserror::Error)]
enum NotEdited {
    #[error("too late")]
    TooLate,
    #[error("there is no price")]
    NoPrice,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
}

impl From<UpdateError<EditRefused>> for NotEdited {
    fn from(error: UpdateError<EditRefused>) -> Self {
        match error {
            UpdateError::NotFound | UpdateError::Refused(_) => Self::TooLate,
            UpdateError::Store(error) => Self::Store(error),
        }
    }
}

async fn edit_first(suite: &SimulatedSuite, event: &Value, deadline: Deadline) -> Result<Order, NotEdited> {
    let (id, lines) = wanted(event).ok_or(NotEdited::NoPrice)?;
    let (store, clock, ids) = (suite.gated_store(), suite.clock(), suite.ids());
    let known = store.find(id).await?.ok_or(NotEdited::TooLate)?;
    let quote = Quote::of(&store, &lines, known.total.currency, PaymentChoice::Stripe).await;
    let priced = quote.map_err(|_| NotEdited::NoPrice)?.priced;
    let order = update(&store, clock, ids, id, None, |order| edited(order, &priced, clock)).await?;
    let stripe = suite.stripe().await.map_err(|error| StoreError::Unavailable(error.into()))?;
    let (orders, stripe, correlation_id) = (&store, Some(&stripe), order.correlation_id.clone());
    let checkout = Checkout { orders, stripe, clock, ids, deadline, correlation_id: &correlation_id };
    Ok(checkout.void_intents(order).await?)
}

fn wanted(event: &Value) -> Option<(OrderId, Vec<CartLine>)> {
    let lines: Vec<LineRequest> = serde_json::from_value(body_of(event)?["lines"].take()).ok()?;
    Some((order_of(event)?, CartLine::read_all(&lines).ok()?))
}

fn edited(
    order: &Order,
    PricedLines { lines, total }: &PricedLines,
    clock: &impl Clock,
) -> Result<Option<Change>, EditRefused> {
    let edit = OrderEdit { lines: Some((lines.clone(), *total)), contact: None };
    let change = as_if_voided(order).edit(edit, &order.correlation_id, clock.now())?;
    Ok(change.map(|mut change| {
        change.order.payment.facts = order.payment.facts.clone();
        change
    }))
}
