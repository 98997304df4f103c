//! Wiring for the queue of orders whose money is to be settled.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use payments::settle_payment::{RESERVE, handle};
use resilience::{Deadline, RandomIds, SystemClock};
use settings::required;
use store::DynamoOrders;
use stripe_account::StripeAccount;

/// One answer of Stripe's may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let (orders, catalogue) = (required::<String>("ORDERS_TABLE")?, required::<String>("CATALOGUE_TABLE")?);
    let orders = DynamoOrders::new(&aws_sdk_dynamodb::Client::new(config.sdk()), orders, catalogue);
    let account = StripeAccount::from_env(&config, TIMEOUT)?;
    let (orders, account) = (&orders, &account);
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let stripe = account.client(&*account.keys().await?);
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        Ok::<_, Error>(handle(orders, &stripe, &SystemClock, &RandomIds, deadline, event.payload).await)
    }))
    .await
}
