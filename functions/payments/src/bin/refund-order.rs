//! Wiring for `POST /v1/orders/{order_id}/refunds`: what this function needs, built once per cold start.

use std::time::Duration;

use api::Edge;
use payments::refund_order::{ENDPOINT, handle};
use resilience::{RandomIds, SystemClock};
use settings::required;
use store::{DynamoGuards, DynamoOrders};
use stripe_account::StripeAccount;

/// For one attempt while somebody waits; what takes longer is carried out by settle-payment.
const TIMEOUT: Duration = Duration::from_secs(4);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let orders = DynamoOrders::without_stock(&dynamodb, required::<String>("ORDERS_TABLE")?);
    let account = StripeAccount::from_env(&config, TIMEOUT)?;
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, ENDPOINT, async |request| {
        let stripe = account.client_unless_down().await;
        handle(&orders, stripe.as_ref(), &SystemClock, &RandomIds, request).await
    })
    .await
}
