//! Wiring for API Gateway's authorizer: what this function needs, built once per cold start.

use auth::{TokenKeys, TokenRules};
use edge::authorizer::{AuthorizerRequest, Checks, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use resilience::SystemClock;
use settings::{CachedSecret, SecretsManager, required};
use store::DynamoAccounts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let secret_id: String = required("TOKEN_KEYS_SECRET_ID")?;
    let token_keys = CachedSecret::<TokenKeys, _, _>::new(secret_id, SecretsManager::from_env(&config)?, SystemClock);
    let api_keys =
        DynamoAccounts::new(&aws_sdk_dynamodb::Client::new(config.sdk()), required::<String>("IDENTITY_TABLE")?);
    let rules = TokenRules::default();
    let checks = &Checks { token_keys: &token_keys, rules: &rules, api_keys: &api_keys, clock: &SystemClock };
    run(service_fn(move |event: LambdaEvent<AuthorizerRequest>| async move {
        handle(checks, event.payload).await.map_err(Error::from)
    }))
    .await
}
