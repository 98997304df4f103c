//! Wiring for `POST /v1/orders/{order_id}/mark-paid`: what this function needs, built once per cold start.

use api::Edge;
use resilience::{RandomIds, SystemClock};
use settings::required;
use store::{DynamoGuards, DynamoOrders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let orders = DynamoOrders::without_stock(&dynamodb, required::<String>("ORDERS_TABLE")?);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, payments::mark_invoice_paid::ENDPOINT, async |request| {
        payments::mark_invoice_paid::handle(&orders, &SystemClock, &RandomIds, request).await
    })
    .await
}
