//! Wiring for the queue of persons whose orders are to forget them.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use orders::erase_orders::{RESERVE, handle};
use resilience::{Deadline, RandomIds, SystemClock};
use settings::required;
use store::DynamoOrders;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let (orders_table, catalogue_table) = (required::<String>("ORDERS_TABLE")?, required::<String>("CATALOGUE_TABLE")?);
    let orders = &DynamoOrders::new(&aws_sdk_dynamodb::Client::new(config.sdk()), orders_table, catalogue_table);
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        Ok::<_, Error>(handle(orders, &SystemClock, &RandomIds, deadline, event.payload).await)
    }))
    .await
}
