//! Customers who try again until it works.

use std::time::Duration;

use resilience::{Ids as _, RandomIds};
use serde_json::Value;
use tokio::time::sleep;

use crate::shop::{PlacedOrder, Shop, ShopError};

/// How often a customer retries; with 10 % faults no customer needs nearly as many attempts.
const TRIES: usize = 40;

/// Tries until it works, with pauses, and not for ever.
///
/// # Errors
///
/// What the last try ended with.
pub async fn again<T>(attempt: impl AsyncFn() -> Result<T, ShopError>) -> Result<T, ShopError> {
    for _ in 1..TRIES {
        if let Ok(done) = attempt().await {
            return Ok(done);
        }
        pause().await;
    }
    attempt().await
}

/// Somewhat less than a second.
pub async fn pause() {
    sleep(Duration::from_millis(200) + RandomIds.jitter(Duration::from_millis(800))).await;
}

/// Pays an order until Stripe says that it is paid.
///
/// # Errors
///
/// It never works.
pub async fn pay(shop: &Shop, PlacedOrder { order_id, client_secret }: &PlacedOrder) -> Result<(), ShopError> {
    let secret = match client_secret {
        Some(secret) => secret.clone(),
        None => again(async || pending(shop.payment_intent(order_id).await)).await?,
    };
    again(async || paid(shop.pay(&secret, "pm_card_visa").await)).await
}

fn pending(secret: Result<Option<String>, ShopError>) -> Result<String, ShopError> {
    let refused = || ShopError::Refused { what: "payment intent".to_owned(), status: 200, body: Value::Null };
    secret?.ok_or_else(refused)
}

/// Paying what is paid already is as good as paying.
fn paid(answer: Result<Value, ShopError>) -> Result<(), ShopError> {
    match answer {
        Err(ShopError::Refused { body, .. }) if body["error"]["payment_intent"]["status"] == "succeeded" => Ok(()),
        answer => answer.map(drop),
    }
}
