//! Wiring for `POST /v1/orders/{order_id}/payment-intent`: what this function needs, built once per cold start.

use create_payment_intent::handle;
use resilience::{RandomIds, SystemClock};
use store::DynamoOrders;
use stripe_account::StripeAccount;
use telemetry::required;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let orders = DynamoOrders::without_stock(&aws::dynamodb(&config), required::<String>("ORDERS_TABLE")?);
    let account = StripeAccount::from_env(&config, checkout::TIMEOUT)?;
    api::run(async |request| {
        let stripe = account.client_unless_down().await;
        handle(&orders, stripe.as_ref(), &SystemClock, &RandomIds, request).await
    })
    .await
}
