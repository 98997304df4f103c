//! Wiring for `POST /v1/auth/reset-password`: what this function needs, built once per cold start.

use api::{ApiError, Edge};
use auth::LinkKeys;
use passwords::Passwords;
use resilience::{RandomIds, SystemClock};
use settings::{CachedSecret, SecretsManager, required};
use store::{DynamoAccounts, DynamoGuards};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let accounts = DynamoAccounts::new(&dynamodb, required::<String>("IDENTITY_TABLE")?);
    let guards = DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?);
    let secret_id: String = required("LINK_KEYS_SECRET_ID")?;
    let links = CachedSecret::<LinkKeys, _, _>::new(secret_id, SecretsManager::from_env(&config)?, SystemClock);
    let passwords = Passwords::default();
    let edge = Edge::from_env(guards.clone())?;
    api::run(&edge, accounts::reset_password::ENDPOINT, async |request| {
        let links = links.get().await.map_err(|error| ApiError::Internal(error.into()))?;
        accounts::reset_password::handle(&accounts, &guards, &passwords, &links, &SystemClock, &RandomIds, request)
            .await
    })
    .await
}
