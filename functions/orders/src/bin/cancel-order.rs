//! Wiring for `POST /v1/orders/{order_id}/cancel`: what this function needs, built once per cold start.

use api::Edge;
use resilience::{RandomIds, SystemClock};
use settings::required;
use store::{DynamoGuards, DynamoOrders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let (orders_table, catalogue_table) = (required::<String>("ORDERS_TABLE")?, required::<String>("CATALOGUE_TABLE")?);
    let orders = DynamoOrders::new(&dynamodb, orders_table, catalogue_table);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, orders::cancel_order::ENDPOINT, async |request| {
        orders::cancel_order::handle(&orders, &SystemClock, &RandomIds, request).await
    })
    .await
}
