//! What misbehaves during a drill.

use http::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, ShopError};

/// Duplicates and reorders webhooks with the first probability, and lets each call of a provider fail with the second,
/// spread over all the ways in which calls fail.
pub async fn switch_on(shop: &Shop, webhooks: f64, calls: f64) -> Result<(), ShopError> {
    let mut faults = vec![
        json!({"kind": "webhook_duplicate", "copies": 1, "probability": webhooks}),
        json!({"kind": "webhook_reorder", "within_millis": 3000, "probability": webhooks}),
    ];
    let ways = [
        json!({"kind": "too_many_requests", "retry_after": 1}),
        json!({"kind": "internal_error"}),
        json!({"kind": "unavailable"}),
        json!({"kind": "connection_reset"}),
        json!({"kind": "answer_lost"}),
    ];
    for provider in ["stripe", "sendgrid", "sheets"] {
        faults.extend(ways.iter().map(|way| at(provider, way, calls / 5.0)));
    }
    for fault in &faults {
        shop.sandbox(Method::POST, "/_sandbox/faults", Some(fault)).await?;
    }
    Ok(())
}

/// Loses each of Stripe's webhooks for good with this probability.
pub async fn lose_webhooks(shop: &Shop, probability: f64) -> Result<(), ShopError> {
    let fault = json!({"provider": "stripe", "kind": "webhook_drop", "probability": probability});
    shop.sandbox(Method::POST, "/_sandbox/faults", Some(&fault)).await.map(drop)
}

fn at(provider: &str, way: &Value, probability: f64) -> Value {
    let mut fault = way.clone();
    fault["provider"] = json!(provider);
    fault["probability"] = json!(probability);
    fault
}

/// Switches everything off; answers with the faults that were on, with their counts.
pub async fn switch_off(shop: &Shop) -> Result<Vec<Value>, ShopError> {
    let on = shop.sandbox(Method::GET, "/_sandbox/faults", None).await?;
    shop.sandbox(Method::DELETE, "/_sandbox/faults", None).await?;
    Ok(on["faults"].as_array().cloned().unwrap_or_default())
}
