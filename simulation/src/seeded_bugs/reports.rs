//! Reports of SendGrid's that are lost, or taken for the last word.

use std::rc::Rc;

use domain::{Delivery, MailEffect, Sending};
use resilience::Clock as _;
use serde_json::{Value, json};
use store::{MailEffects as _, StoreError};

use super::profiles::unwilling;
use super::{Answer, SeededBug, answer, with, with_handler};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::world::{Handler, SimulatedSuite};

/// All of them.
pub const BUGS: [SeededBug; 3] = [
    SeededBug::new(
        "a report that meets a write is dropped",
        "a report is answered 200 when its write conflicts",
        || with(Dropped),
    ),
    SeededBug::new("reports that fail are thanked for", "SendGrid gets a 200, whatever the outcome", || {
        let handler: Handler = Rc::new(|suite, event, deadline| {
            Box::pin(async move {
                let given = suite.handle("sendgrid-webhook", event, deadline).await?;
                Ok(if given["statusCode"] == 503 { answer(200, &json!({})) } else { given })
            })
        });
        with_handler("sendgrid-webhook", handler)
    })
    .with_profile(unwilling),
    SeededBug::new("the last report wins", "a mail's delivery is what the report says that came last", || {
        let handler: Handler = Rc::new(|suite, event, _| {
            Box::pin(async move {
                Ok(match believe(suite, &event).await {
                    Ok(()) => answer(200, &json!({})),
                    Err(_) => answer(503, &json!({})),
                })
            })
        });
        with_handler("sendgrid-webhook", handler)
    }),
];

struct Dropped;

impl BuggyStore for Dropped {
    fn save_mail<'a>(&'a self, context: &'a StoreContext, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            match context.memory.save_mail(effect).await {
                Err(StoreError::Conflict) if effect.delivery.is_some() => Ok(()),
                saved => saved,
            }
        })
    }
}

async fn believe(suite: &SimulatedSuite, event: &Value) -> Result<(), StoreError> {
    let store = suite.gated_store();
    let reports: Vec<Value> =
        event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    for report in reports {
        let Some(id) = report["effect_id"].as_str().and_then(|id| id.parse().ok()) else { continue };
        let Some(stored) = store.mail(id).await? else { continue };
        let delivery = match report["event"].as_str() {
            Some("processed") => Delivery::Processed,
            Some("delivered") => Delivery::Delivered,
            Some("open") => Delivery::Opened,
            Some("bounce") => Delivery::Bounced,
            _ => continue,
        };
        let sending = Sending::Sent { message_id: None, at: suite.clock().now() };
        store
            .save_mail(&MailEffect { sending, delivery: Some(delivery), version: stored.version + 1, ..stored })
            .await?;
    }
    Ok(())
}
