//! Wiring for `POST /v1/webhooks/stripe`.

use api::{ApiError, Edge};
use payments::stripe_webhook::{BUDGET, ENDPOINT, handle};
use resilience::{Deadline, RandomIds, SystemClock};
use settings::required;
use store::{DynamoGuards, DynamoOrders};
use stripe_account::StripeAccount;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let orders = DynamoOrders::without_stock(&dynamodb, required::<String>("ORDERS_TABLE")?);
    let account = StripeAccount::from_env(&config, BUDGET)?;
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, ENDPOINT, async |request| {
        let keys = account.keys().await.map_err(|error| ApiError::Internal(error.into()))?;
        let stripe = account.client(&keys);
        let deadline = Deadline::after(&SystemClock, BUDGET);
        handle(&orders, &stripe, &keys.webhook_secrets, &SystemClock, &RandomIds, deadline, request).await
    })
    .await
}
