//! Wiring for `POST /v1/webhooks/stripe`.

use api::ApiError;
use resilience::{Deadline, RandomIds, SystemClock};
use store::DynamoOrders;
use stripe_account::StripeAccount;
use stripe_webhook::{BUDGET, handle};
use telemetry::required;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let orders = DynamoOrders::without_stock(&aws::dynamodb(&config), required::<String>("ORDERS_TABLE")?);
    let account = StripeAccount::from_env(&config, BUDGET)?;
    api::run(async |request| {
        let keys = account.keys().await.map_err(|error| ApiError::Internal(error.into()))?;
        let stripe = account.client(&keys);
        let deadline = Deadline::after(&SystemClock, BUDGET);
        Ok(handle(&orders, &stripe, &keys.webhook_secrets, &SystemClock, &RandomIds, deadline, request).await)
    })
    .await
}
