//! Wiring for `PATCH /v1/orders/{order_id}`: what this function needs, built once per cold start.

use api::Edge;
use orders::update_order::{ENDPOINT, handle};
use resilience::{RandomIds, SystemClock};
use settings::required;
use store::{DynamoCatalogue, DynamoGuards, DynamoOrders};
use stripe_account::StripeAccount;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let catalogue_table: String = required("CATALOGUE_TABLE")?;
    let orders = DynamoOrders::new(&dynamodb, required::<String>("ORDERS_TABLE")?, catalogue_table.clone());
    let catalogue = DynamoCatalogue::new(&dynamodb, catalogue_table);
    let account = StripeAccount::from_env(&config, checkout::TIMEOUT)?;
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, ENDPOINT, async |request| {
        let stripe = account.client_unless_down().await;
        handle(&orders, &catalogue, stripe.as_ref(), &SystemClock, &RandomIds, request).await
    })
    .await
}
