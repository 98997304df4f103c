//! Wiring for `GET /v1/orders/{order_id}/history`: what this function needs, built once per cold start.

use api::Edge;
use settings::required;
use store::{DynamoEffects, DynamoGuards, DynamoOrders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let dynamodb = aws_sdk_dynamodb::Client::new(aws::Config::from_env()?.sdk());
    let orders = DynamoOrders::without_stock(&dynamodb, required::<String>("ORDERS_TABLE")?);
    let effects = DynamoEffects::new(&dynamodb, required::<String>("EFFECTS_TABLE")?);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, orders::get_order_history::ENDPOINT, async |request| {
        orders::get_order_history::handle(&orders, &effects, &effects, request).await
    })
    .await
}
