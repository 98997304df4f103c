//! Promises hold, and an order's events describe its whole life.

use std::collections::BTreeSet;

use domain::OrderStatus::{Cancelled, ChargedBack, Disputed, NeedsReview, Refunded};
use domain::{DisputeStage, EventId, EventType, OrderId};

use super::Violation;
use crate::snapshot::Snapshot;

/// No order is lost after a 2xx, no payment is overlooked, and every event was published.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let mut violations = Vec::new();
    for id in &snapshot.promised.placed {
        if !snapshot.orders.contains_key(id) {
            let text = "the customer got a 2xx, and there is no order".to_owned();
            violations.push(Violation::of("no order is lost", *id, text));
        }
    }
    for id in snapshot.promised.refused.difference(&snapshot.promised.placed) {
        if snapshot.orders.contains_key(id) {
            let text = "the customer was refused, and there is an order".to_owned();
            violations.push(Violation::of("a refusal is kept", *id, text));
        }
    }
    for id in &snapshot.promised.mixed_up {
        let text = "something else was asked for under its key, and answered with 2xx".to_owned();
        violations.push(Violation::of("a key is for one request", *id, text));
    }
    for id in &snapshot.promised.paid {
        let captured = snapshot.orders.get(id).map_or(0, |order| order.payment.facts.captured());
        if captured == 0 {
            let text = "Stripe confirmed the payment to the customer, and the order knows of 0 received".to_owned();
            violations.push(Violation::of("no payment is lost", *id, text));
        }
    }
    for id in &snapshot.promised.cancelled {
        let status = snapshot.orders.get(id).map(|order| order.status);
        if !matches!(status, Some(Cancelled | Refunded | NeedsReview | Disputed | ChargedBack)) {
            let text = format!("the cancellation was confirmed, and the order is {status:?}");
            violations.push(Violation::of("no cancellation is lost", *id, text));
        }
    }
    for (id, order) in &snapshot.orders {
        let events = snapshot.events.get(id).map(Vec::as_slice).unwrap_or_default();
        let placed = events.iter().filter(|event| event.event_type == EventType::Placed).count();
        if placed != 1 {
            let text = format!("{placed} events say that it was placed, not 1");
            violations.push(Violation::of("an order is placed once", *id, text));
        }
        if let Some(last) = events.last()
            && last.status != order.status
        {
            let text = format!("it is {}, and its last event says {}", order.status, last.status);
            violations.push(Violation::of("events match the order", *id, text));
        }
        let Some(published) = &snapshot.published else { continue };
        for event in events.iter().filter(|event| !published.contains(&event.event_id)) {
            let text = format!("{} of version {} was never published", event.event_type, event.order_version);
            violations.push(Violation::of("every event is published", *id, text));
        }
    }
    violations.extend(unheard_of(snapshot));
    violations.extend(snapshot.orders.keys().flat_map(|id| disputes(snapshot, *id)));
    violations
}

/// People were told of the stage that each dispute came to, and of no stage twice in a row.
fn disputes(snapshot: &Snapshot, order: OrderId) -> Vec<Violation> {
    let events = snapshot.events.get(&order).map(Vec::as_slice).unwrap_or_default();
    let told = |id: &str| -> Vec<DisputeStage> {
        let updates = events.iter().filter_map(|event| event.dispute.as_ref());
        updates.filter(|update| update.id.as_str() == id).map(|update| update.stage).collect()
    };
    let broken = snapshot.stripe.disputes_of(order).filter_map(|dispute| {
        let (told, stage) = (told(&dispute.id), stage(&dispute.status));
        let is_repeated = told.windows(2).any(|two| two[0] == two[1]);
        let text = format!("{} is {}, and people were told {told:?}", dispute.id, dispute.status);
        (told.last() != Some(&stage) || is_repeated).then(|| Violation::of("a dispute's stages are told", order, text))
    });
    broken.collect()
}

/// The stage of each status (<https://docs.stripe.com/api/disputes/object#dispute_object-status>).
fn stage(status: &str) -> DisputeStage {
    match status {
        "warning_needs_response" | "warning_under_review" => DisputeStage::Inquiry,
        "needs_response" | "under_review" => DisputeStage::Chargeback,
        "warning_closed" | "prevented" => DisputeStage::Closed,
        "appeal_needs_response" | "appeal_under_review" => DisputeStage::Appeal,
        "won" => DisputeStage::Won,
        "lost" => DisputeStage::Lost,
        _ => DisputeStage::Unknown,
    }
}

/// Events that were published but never stored.
fn unheard_of(snapshot: &Snapshot) -> Option<Violation> {
    let happened: BTreeSet<EventId> = snapshot.events.values().flatten().map(|event| event.event_id).collect();
    let made_up = snapshot.published.as_ref()?.difference(&happened).count();
    let text = format!("{made_up} events were published that no order has stored, not 0");
    (made_up > 0).then_some(Violation { invariant: "what is published has happened", order: None, text })
}
