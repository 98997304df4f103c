//! Wiring for `GET /.well-known/jwks.json`: what this function needs, built once per cold start.

use api::Edge;
use auth::PublicKeys;
use resilience::SystemClock;
use settings::{CachedSecret, SecretsManager, required};
use store::DynamoGuards;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let secret_id: String = required("TOKEN_KEYS_SECRET_ID")?;
    let keys = CachedSecret::<PublicKeys, _, _>::new(secret_id, SecretsManager::from_env(&config)?, SystemClock);
    let edge = Edge::from_env(DynamoGuards::new(
        &aws_sdk_dynamodb::Client::new(config.sdk()),
        required::<String>("GUARDS_TABLE")?,
    ))?;
    api::run(&edge, edge::get_jwks::ENDPOINT, async |request| edge::get_jwks::handle(&keys, request).await).await
}
