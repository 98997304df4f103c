//! Wiring for `GET /v1/orders`: what this function needs, built once per cold start.

use store::DynamoOrders;
use telemetry::required;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let orders = DynamoOrders::without_stock(&aws::dynamodb(&config), required::<String>("ORDERS_TABLE")?);
    api::run(async |request| list_orders::handle(&orders, request).await).await
}
