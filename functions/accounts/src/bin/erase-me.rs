//! Wiring for `POST /v1/me/erase`: what this function needs, built once per cold start.

use api::Edge;
use passwords::Passwords;
use resilience::{RandomIds, SystemClock};
use settings::required;
use store::{DynamoAccounts, DynamoGuards};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let accounts = DynamoAccounts::new(&dynamodb, required::<String>("IDENTITY_TABLE")?);
    let guards = DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?);
    let passwords = Passwords::default();
    let edge = Edge::from_env(guards.clone())?;
    api::run(&edge, accounts::erase_me::ENDPOINT, async |request| {
        accounts::erase_me::handle(&accounts, &guards, &passwords, &SystemClock, &RandomIds, request).await
    })
    .await
}
