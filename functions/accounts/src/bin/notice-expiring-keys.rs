//! Wiring for the daily look at API keys that are about to end.

use accounts::notice_expiring_keys::{RESERVE, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use resilience::{Deadline, RandomIds, SystemClock};
use serde_json::Value;
use settings::required;
use store::DynamoAccounts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let keys = DynamoAccounts::new(&aws_sdk_dynamodb::Client::new(config.sdk()), required::<String>("IDENTITY_TABLE")?);
    let keys = &keys;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        handle(keys, &SystemClock, &RandomIds, deadline).await.map_err(Error::from)
    }))
    .await
}
