//! Wiring for `POST /v1/webhooks/sendgrid`.

use api::ApiError;
use mail::{SendGridSecrets, WebhookKey};
use resilience::{Deadline, RandomIds, SystemClock};
use sendgrid_webhook::{BUDGET, handle};
use store::DynamoEffects;
use telemetry::{CachedSecret, SecretsManager, required};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let effects = DynamoEffects::new(&aws::dynamodb(&config), required::<String>("EFFECTS_TABLE")?);
    let secret_id: String = required("SENDGRID_SECRET_ID")?;
    let secrets =
        CachedSecret::<SendGridSecrets, _, _>::new(secret_id, SecretsManager::from_env(&config)?, SystemClock);
    api::run(async |request| {
        let known = secrets.get().await.map_err(|error| ApiError::Internal(error.into()))?;
        let key =
            WebhookKey::from_base64(&known.webhook_public_key).map_err(|error| ApiError::Internal(error.into()))?;
        let deadline = Deadline::after(&SystemClock, BUDGET);
        Ok(handle(&effects, &key, &SystemClock, &RandomIds, deadline, request).await)
    })
    .await
}
