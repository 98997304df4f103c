//! Wiring for `POST /webhooks/sendgrid`.

use std::time::Duration;

use lambda_http::{Error, Request, run, service_fn};
use mail::{SendGridSecrets, WebhookKey};
use resilience::{Deadline, RandomIds, SystemClock};
use store::DynamoEffects;
use telemetry::{CachedSecret, SecretsManager, required};

/// SendGrid gives an answer a few seconds.
const BUDGET: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let effects = DynamoEffects::new(&aws::dynamodb(&config), required::<String>("EFFECTS_TABLE")?);
    let secrets: CachedSecret<SendGridSecrets, _, _> =
        CachedSecret::new(required::<String>("SENDGRID_SECRET_ID")?, SecretsManager::new(&config), SystemClock);
    let (effects, secrets) = (&effects, &secrets);
    run(service_fn(async move |request: Request| {
        let key = WebhookKey::from_base64(&secrets.get().await?.webhook_public_key)?;
        let deadline = Deadline::after(&SystemClock, BUDGET);
        Ok::<_, Error>(sendgrid_webhook::handle(effects, &key, &SystemClock, &RandomIds, deadline, request).await)
    }))
    .await
}
