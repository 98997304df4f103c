//! Wiring for the look, every five minutes, at orders that were not paid in time.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use orders::expire_orders::{RESERVE, handle};
use resilience::{Deadline, RandomIds, SystemClock};
use serde_json::Value;
use settings::required;
use store::{DynamoGuards, DynamoOrders};
use stripe_account::StripeAccount;

/// One answer of Stripe's may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let client = aws_sdk_dynamodb::Client::new(config.sdk());
    let (orders, catalogue) = (required::<String>("ORDERS_TABLE")?, required::<String>("CATALOGUE_TABLE")?);
    let orders = DynamoOrders::new(&client, orders, catalogue);
    let guards = DynamoGuards::new(&client, required::<String>("GUARDS_TABLE")?);
    let account = StripeAccount::from_env(&config, TIMEOUT)?;
    let (orders, guards, account) = (&orders, &guards, &account);
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let stripe = account.client_unless_down().await;
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        handle(orders, guards, stripe.as_ref(), &SystemClock, &RandomIds, deadline).await.map_err(Error::from)
    }))
    .await
}
