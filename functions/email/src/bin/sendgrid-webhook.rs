//! Wiring for `POST /v1/webhooks/sendgrid`.

use api::{ApiError, Edge};
use email::sendgrid_webhook::{BUDGET, ENDPOINT, handle};
use mail::{SendGridSecrets, WebhookKey};
use resilience::{Deadline, RandomIds, SystemClock};
use settings::{CachedSecret, SecretsManager, required};
use store::{DynamoEffects, DynamoGuards};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let effects = DynamoEffects::new(&dynamodb, required::<String>("EFFECTS_TABLE")?);
    let secret_id: String = required("SENDGRID_SECRET_ID")?;
    let secrets =
        CachedSecret::<SendGridSecrets, _, _>::new(secret_id, SecretsManager::from_env(&config)?, SystemClock);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, ENDPOINT, async |request| {
        let known = secrets.get().await.map_err(|error| ApiError::Internal(error.into()))?;
        let key =
            WebhookKey::from_base64(&known.webhook_public_key).map_err(|error| ApiError::Internal(error.into()))?;
        let deadline = Deadline::after(&SystemClock, BUDGET);
        handle(&effects, &key, &SystemClock, &RandomIds, deadline, request).await
    })
    .await
}
