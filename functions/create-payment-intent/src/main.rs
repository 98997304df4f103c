//! Wiring for `POST /v1/orders/{order_id}/payment-intent`: what this function needs, built once per cold start.

use std::time::Duration;

use checkout::account;
use create_payment_intent::handle;
use payments::{LIVE_URL, StripeSecrets};
use resilience::{HttpTransport, RandomIds, SystemClock};
use store::DynamoOrders;
use telemetry::{CachedSecret, SecretsManager, or_default, required};

/// For one attempt; Stripe's slowest good answers take a second or two.
const STRIPE_TIMEOUT: Duration = Duration::from_secs(4);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let orders = DynamoOrders::without_stock(&aws::dynamodb(&config), required::<String>("ORDERS_TABLE")?);
    let stripe_url: String = or_default("STRIPE_API_URL", LIVE_URL.to_owned())?;
    let secret_id: String = required("STRIPE_SECRET_ID")?;
    let secrets = CachedSecret::<StripeSecrets, _, _>::new(secret_id, SecretsManager::new(&config), SystemClock);
    let transport = HttpTransport::new(STRIPE_TIMEOUT)?;
    api::run(async |request| {
        let stripe = account(&secrets, &stripe_url, &transport, SystemClock, RandomIds).await;
        handle(&orders, stripe.as_ref(), &SystemClock, &RandomIds, request).await
    })
    .await
}
