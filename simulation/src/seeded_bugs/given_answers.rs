//! Answers that say done before it is.

use std::rc::Rc;

use serde_json::json;

use super::profiles::unwilling;
use super::{SeededBug, answer, order_of, with_handler};
use crate::people::{CANCEL_EXPIRED, INVOICED};
use crate::world::{Build, Handler};

/// All of them.
pub const BUGS: [SeededBug; 4] = [
    SeededBug::new("a cancellation that was not written", "cancelling is answered 200, written or not", || {
        done_anyway("cancel-order")
    })
    .with_profile(unwilling),
    SeededBug::new("a dispatch that was not written", "fulfilling is answered 200, written or not", || {
        done_anyway("fulfil-order")
    })
    .with_profile(unwilling),
    SeededBug::new("a transfer that was not written", "noting a transfer is answered 200, written or not", || {
        done_anyway("mark-invoice-paid")
    })
    .with_profile(unwilling)
    .in_scenario(&INVOICED, 4),
    SeededBug::new("an expired order is cancelled already", "cancelling an expired order changes nothing", || {
        let handler: Handler = Rc::new(|suite, event, deadline| {
            Box::pin(async move {
                let id = order_of(&event);
                let order = match id {
                    Some(id) => store::Orders::find(&suite.gated_store(), id).await.ok().flatten(),
                    None => None,
                };
                match order.filter(|order| order.cancellation.is_some()) {
                    Some(order) => Ok(answer(200, &json!({ "status": order.status }))),
                    None => suite.handle("cancel-order", event, deadline).await,
                }
            })
        });
        with_handler("cancel-order", handler)
    })
    .in_scenario(&CANCEL_EXPIRED, 4),
];

/// Does what the function does, and says that it is done where it failed.
fn done_anyway(function: &'static str) -> Build {
    let handler: Handler = Rc::new(move |suite, event, deadline| {
        Box::pin(async move {
            let given = suite.handle(function, event, deadline).await?;
            let is_failure = given["statusCode"].as_u64().is_some_and(|status| status >= 500);
            Ok(if is_failure { answer(200, &json!({})) } else { given })
        })
    });
    with_handler(function, handler)
}
