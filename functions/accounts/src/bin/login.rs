//! Wiring for `POST /v1/auth/login`: what this function needs, built once per cold start.

use api::Edge;
use passwords::Passwords;
use resilience::{RandomIds, SystemClock};
use sessions::{AllowedOrigins, Issuer, SessionKeys};
use settings::required;
use store::{DynamoAccounts, DynamoGuards};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let accounts = DynamoAccounts::new(&dynamodb, required::<String>("IDENTITY_TABLE")?);
    let guards = DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?);
    let keys = SessionKeys::from_env(&config)?;
    let origins: AllowedOrigins = required("ALLOWED_ORIGINS")?;
    let passwords = Passwords::default();
    let edge = Edge::from_env(guards.clone())?;
    api::run(&edge, accounts::login::ENDPOINT, async |request| {
        let issuer = Issuer { sessions: &accounts, keys: keys.get().await?, clock: &SystemClock, ids: &RandomIds };
        accounts::login::handle(&accounts, &guards, &issuer, &passwords, &origins, request).await
    })
    .await
}
