//! Wiring for `POST /v1/webhooks/stripe`.

use std::time::Duration;

use api::ApiError;
use payments::{LIVE_URL, Stripe, StripeSecrets};
use resilience::{Deadline, HttpTransport, RandomIds, SystemClock};
use store::DynamoOrders;
use stripe_webhook::handle;
use telemetry::{CachedSecret, SecretsManager, or_default, required};

/// Stripe waits some 20 s for an answer, and only a dispute needs a question back.
const BUDGET: Duration = Duration::from_secs(8);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let orders = DynamoOrders::without_stock(&aws::dynamodb(&config), required::<String>("ORDERS_TABLE")?);
    let secret_id: String = required("STRIPE_SECRET_ID")?;
    let secrets = CachedSecret::<StripeSecrets, _, _>::new(secret_id, SecretsManager::new(&config), SystemClock);
    let transport = HttpTransport::new(BUDGET)?;
    let url: String = or_default("STRIPE_API_URL", LIVE_URL.to_owned())?;
    api::run(async |request| {
        let known = secrets.get().await.map_err(|error| ApiError::Internal(error.into()))?;
        let stripe = Stripe::new(&transport, SystemClock, RandomIds, &url, &known.api_key);
        let deadline = Deadline::after(&SystemClock, BUDGET);
        Ok(handle(&orders, &stripe, &known.webhook_secrets, &SystemClock, &RandomIds, deadline, request).await)
    })
    .await
}
