//! Wiring for `GET /v1/orders/{order_id}`: what this function needs, built once per cold start.

use api::Edge;
use settings::required;
use store::{DynamoGuards, DynamoOrders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let orders = DynamoOrders::without_stock(&dynamodb, required::<String>("ORDERS_TABLE")?);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, orders::get_order::ENDPOINT, async |request| orders::get_order::handle(&orders, request).await)
        .await
}
