//! Wiring for the queue of orders whose money is to be settled.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use payments::{LIVE_URL, Stripe, StripeSecrets};
use resilience::{Deadline, HttpTransport, RandomIds, SystemClock};
use store::DynamoOrders;
use telemetry::{CachedSecret, SecretsManager, or_default, required};

/// One answer of Stripe's may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Left of the invocation when no other message is begun: one answer's time and a write.
const RESERVE: Duration = Duration::from_secs(12);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let orders = DynamoOrders::without_stock(&aws::dynamodb(&config), required::<String>("ORDERS_TABLE")?);
    let secrets: CachedSecret<StripeSecrets, _, _> =
        CachedSecret::new(required::<String>("STRIPE_SECRET_ID")?, SecretsManager::new(&config), SystemClock);
    let transport = HttpTransport::new(TIMEOUT)?;
    let url = or_default("STRIPE_API_URL", LIVE_URL.to_owned())?;
    let (orders, secrets, transport, url) = (&orders, &secrets, &transport, url.as_str());
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let known = secrets.get().await?;
        let stripe = Stripe::new(transport, SystemClock, RandomIds, url, &known.api_key);
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        Ok::<_, Error>(settle_payment::handle(orders, &stripe, &SystemClock, &RandomIds, deadline, event.payload).await)
    }))
    .await
}
