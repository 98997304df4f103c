//! Wiring for `GET /v1/auth/oauth/{provider}/callback`: what this function needs, built once per cold start.

use std::time::Duration;

use accounts::oauth_callback::SignIn;
use api::{ApiError, Edge};
use oidc::{Addresses, OpenId, Providers};
use resilience::{HttpTransport, RandomIds, SystemClock};
use sessions::SessionKeys;
use settings::{CachedSecret, SecretsManager, or_default, required};
use store::{DynamoAccounts, DynamoGuards};

/// One request to a provider may take as long.
const TIMEOUT: Duration = Duration::from_secs(3);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let accounts = DynamoAccounts::new(&dynamodb, required::<String>("IDENTITY_TABLE")?);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    let keys = SessionKeys::from_env(&config)?;
    let (source, secret_id): (_, String) = (SecretsManager::from_env(&config)?, required("OAUTH_SECRET_ID")?);
    let providers = CachedSecret::<Providers, _, _>::new(secret_id, source, SystemClock);
    let web: String = required("PUBLIC_URL")?;
    let addresses = &Addresses { api: or_default("API_PUBLIC_URL", web.clone())?, web };
    let open_id = &OpenId::new(HttpTransport::new(TIMEOUT)?, SystemClock, RandomIds);
    let sign_in = SignIn { store: &accounts, open_id, addresses, clock: &SystemClock, ids: &RandomIds };
    api::run(&edge, accounts::oauth_callback::ENDPOINT, async |request| {
        let providers = providers.get().await.map_err(|error| ApiError::Internal(error.into()));
        accounts::oauth_callback::handle(&sign_in, providers, keys.get().await, request).await
    })
    .await
}
