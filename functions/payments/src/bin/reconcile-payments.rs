//! Wiring for the hourly comparison with Stripe.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use payments::reconcile_payments::{RESERVE, Reconciler, Rules, handle, window};
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
    let orders = DynamoOrders::without_stock(&client, required::<String>("ORDERS_TABLE")?);
    let guards = DynamoGuards::new(&client, required::<String>("GUARDS_TABLE")?);
    let account = StripeAccount::from_env(&config, TIMEOUT)?;
    let rules = Rules { window: window(required("RECONCILE_WINDOW_DAYS")?), ..Rules::DEFAULT };
    let (orders, guards, account) = (&orders, &guards, &account);
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let stripe = account.client(&*account.keys().await?);
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        let reconciler = Reconciler { orders, stripe: &stripe, clock: &SystemClock, ids: &RandomIds, rules };
        handle(&reconciler, guards, deadline).await.map_err(Error::from)
    }))
    .await
}
