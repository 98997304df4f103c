//! Wiring for `POST /webhooks/stripe`.

use std::time::Duration;

use lambda_http::{Error, Request, run, service_fn};
use payments::{LIVE_URL, Stripe, StripeSecrets};
use resilience::{Deadline, HttpTransport, RandomIds, SystemClock};
use store::DynamoOrders;
use telemetry::{CachedSecret, SecretsManager, or_default, required};

/// Stripe waits some 20 s for an answer, and only a dispute needs a question back.
const BUDGET: Duration = Duration::from_secs(8);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let orders = DynamoOrders::without_stock(&aws::dynamodb(&config), required::<String>("ORDERS_TABLE")?);
    let secrets: CachedSecret<StripeSecrets, _, _> =
        CachedSecret::new(required::<String>("STRIPE_SECRET_ID")?, SecretsManager::new(&config), SystemClock);
    let transport = HttpTransport::new(BUDGET)?;
    let url = or_default("STRIPE_API_URL", LIVE_URL.to_owned())?;
    let (orders, secrets, transport, url) = (&orders, &secrets, &transport, url.as_str());
    run(service_fn(async move |request: Request| {
        let known = secrets.get().await?;
        let stripe = Stripe::new(transport, SystemClock, RandomIds, url, &known.api_key);
        let deadline = Deadline::after(&SystemClock, BUDGET);
        let secrets = &known.webhook_secrets;
        Ok::<_, Error>(
            stripe_webhook::handle(orders, &stripe, secrets, &SystemClock, &RandomIds, deadline, request).await,
        )
    }))
    .await
}
