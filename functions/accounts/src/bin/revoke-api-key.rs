//! Wiring for `DELETE /v1/api-keys/{key_id}`: what this function needs, built once per cold start.

use api::Edge;
use resilience::{RandomIds, SystemClock};
use settings::required;
use store::{DynamoAccounts, DynamoGuards};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let keys = DynamoAccounts::new(&dynamodb, required::<String>("IDENTITY_TABLE")?);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, accounts::revoke_api_key::ENDPOINT, async |request| {
        accounts::revoke_api_key::handle(&keys, &SystemClock, &RandomIds, request).await
    })
    .await
}
