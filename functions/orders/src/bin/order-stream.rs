//! Wiring for the orders table's stream.

use events::{SnsPublisher, SqsDeadLetters};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use settings::required;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let publisher =
        SnsPublisher::new(aws_sdk_sns::Client::new(config.sdk()), required::<String>("ORDER_EVENTS_TOPIC_ARN")?);
    let dead_letters =
        SqsDeadLetters::new(aws_sdk_sqs::Client::new(config.sdk()), required::<String>("STREAM_DLQ_URL")?);
    let (publisher, dead_letters) = (&publisher, &dead_letters);
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        Ok::<_, Error>(orders::order_stream::handle(publisher, dead_letters, &event.payload).await)
    }))
    .await
}
