//! Wiring for the mails' queue.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use domain::MailPatience;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use mail::{LIVE_URL, Mailbox, SendGrid, SendGridSecrets, Shop};
use resilience::{Deadline, HttpTransport, RandomIds, SystemClock};
use send_email::{LEASE, RESERVE, Sender};
use store::{DynamoEffects, DynamoOrders};
use telemetry::{CachedSecret, SecretsManager, or_default, required};

/// One answer of SendGrid's may take so long.
const TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let client = aws::dynamodb(&config);
    let orders = DynamoOrders::without_stock(&client, required::<String>("ORDERS_TABLE")?);
    let effects = DynamoEffects::new(&client, required::<String>("EFFECTS_TABLE")?);
    let secrets: CachedSecret<SendGridSecrets, _, _> =
        CachedSecret::new(required::<String>("SENDGRID_SECRET_ID")?, SecretsManager::from_env(&config)?, SystemClock);
    let transport = HttpTransport::new(TIMEOUT)?;
    let url = or_default("SENDGRID_API_URL", LIVE_URL.to_owned())?;
    let from: Mailbox = required("MAIL_FROM")?;
    let web_app = or_default("PUBLIC_URL", String::new())?;
    let evidence = Duration::from_secs(or_default("MAIL_EVIDENCE_WAIT_SECONDS", 300)?);
    let patience = MailPatience { lease: LEASE, evidence };
    let (orders, effects, secrets, transport, url) = (&orders, &effects, &secrets, &transport, url.as_str());
    let (from, shop) = (&from, Shop::of(&from, &web_app));
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let known = secrets.get().await?;
        let sendgrid = SendGrid::new(transport, SystemClock, RandomIds, url, &known.api_key);
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        let sender = Sender { sendgrid: &sendgrid, from, shop, patience };
        let batch = event.payload;
        Ok::<_, Error>(send_email::handle(orders, effects, sender, &SystemClock, &RandomIds, deadline, batch).await)
    }))
    .await
}
