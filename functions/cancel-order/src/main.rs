//! Wiring for `POST /v1/orders/{order_id}/cancel`: what this function needs, built once per cold start.

use resilience::{RandomIds, SystemClock};
use store::DynamoOrders;
use telemetry::required;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let (orders_table, catalogue_table) = (required::<String>("ORDERS_TABLE")?, required::<String>("CATALOGUE_TABLE")?);
    let orders = DynamoOrders::new(&aws::dynamodb(&config), orders_table, catalogue_table);
    api::run(async |request| cancel_order::handle(&orders, &SystemClock, &RandomIds, request).await).await
}
