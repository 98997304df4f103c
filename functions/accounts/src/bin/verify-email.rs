//! Wiring for `POST /v1/auth/verify-email`: what this function needs, built once per cold start.

use api::{ApiError, Edge};
use auth::LinkKeys;
use passwords::Passwords;
use resilience::{RandomIds, SystemClock};
use sessions::{AllowedOrigins, Issuer, SessionKeys};
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
    let keys = SessionKeys::from_env(&config)?;
    let origins: AllowedOrigins = required("ALLOWED_ORIGINS")?;
    let passwords = Passwords::default();
    let edge = Edge::from_env(guards.clone())?;
    api::run(&edge, accounts::verify_email::ENDPOINT, async |request| {
        let links = links.get().await.map_err(|error| ApiError::Internal(error.into()))?;
        let issuer = Issuer { sessions: &accounts, keys: keys.get().await?, clock: &SystemClock, ids: &RandomIds };
        accounts::verify_email::handle(&accounts, &guards, &issuer, &passwords, &links, &origins, request).await
    })
    .await
}
