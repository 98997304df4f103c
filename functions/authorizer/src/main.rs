//! Wiring for API Gateway's authorizer: what this function needs, built once per cold start.

use auth::{TokenKeys, TokenRules};
use aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use resilience::SystemClock;
use telemetry::{CachedSecret, SecretsManager, required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let secret_id: String = required("TOKEN_KEYS_SECRET_ID")?;
    let keys = CachedSecret::<TokenKeys, _, _>::new(secret_id, SecretsManager::from_env(&config)?, SystemClock);
    let (keys, rules) = (&keys, &TokenRules::default());
    run(service_fn(move |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| async move {
        authorizer::handle(keys, rules, &SystemClock, event.payload).await.map_err(Error::from)
    }))
    .await
}
