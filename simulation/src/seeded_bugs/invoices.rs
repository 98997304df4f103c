//! Transfers that are booked each time they are recorded.

use std::convert::Infallible;
use std::rc::Rc;

use domain::{Change, Order, PaymentFact, TransferDirection, TransferFact};
use resilience::{Clock, Ids as _};
use serde_json::{Value, json};
use store::{Orders as _, Receipt, ReceiptSource, update_with_receipt};

use super::{SeededBug, answer, body_of, order_of};
use crate::people::{FORMER_TOTAL, INVOICED};
use crate::world::{Build, Handler};

/// All of them.
pub const BUGS: [SeededBug; 2] = [
    SeededBug::new("transfer booked with each note", "a transfer is booked without a check of its reference", || {
        let handler: Handler = Rc::new(|suite, event, _| {
            Box::pin(async move {
                let Some(id) = order_of(&event) else { return Ok(answer(404, &json!({}))) };
                let (store, clock, ids) = (suite.gated_store(), suite.clock(), suite.ids());
                let number = ids.fresh().to_string();
                let Ok(Some(order)) = store.find(id).await else { return Ok(unavailable()) };
                let decide = |order: &Order| Ok::<_, Infallible>(booked(order, &number, clock));
                Ok(match update_with_receipt(&store, clock, ids, order, decide).await {
                    Ok(order) => answer(200, &json!({ "status": order.status })),
                    Err(_) => unavailable(),
                })
            })
        });
        Build { handlers: vec![("mark-invoice-paid", handler)], ..Build::default() }
    })
    .in_scenario(&INVOICED, 4),
    SeededBug::new(
        "transfer taken for the total",
        "the amount is not checked: it is booked as the order's total",
        || {
            let handler: Handler = Rc::new(|suite, mut event, deadline| {
                Box::pin(async move {
                    let reference = body_of(&event).unwrap_or_default()["reference"].take();
                    event["body"] = json!({ "reference": reference }).to_string().into();
                    suite.handle("mark-invoice-paid", event, deadline).await
                })
            });
            Build { handlers: vec![("mark-invoice-paid", handler)], ..Build::default() }
        },
    )
    .in_scenario(&FORMER_TOTAL, 4),
];

fn unavailable() -> Value {
    answer(503, &json!({ "code": "unavailable" }))
}

fn booked(order: &Order, number: &str, clock: &impl Clock) -> Option<(Change, Receipt)> {
    let (direction, amount, id) = (TransferDirection::Received, order.total, number.to_owned());
    let transfer = TransferFact { direction, amount, action: None, reason: None, requested_at: None, id };
    let (facts, now) = (vec![PaymentFact::Transfer(transfer)], clock.now());
    let change = order.apply_facts(facts.clone(), &order.correlation_id, now)?;
    let receipt =
        Receipt::from_facts(ReceiptSource::Staff, order.id, facts, change.order.updated_at, &order.correlation_id);
    Some((change, receipt))
}
