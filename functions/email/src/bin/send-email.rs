//! Wiring for the mails' queue.

use std::time::Duration;

use auth::LinkKeys;
use aws_lambda_events::event::sqs::SqsEvent;
use domain::MailPatience;
use email::send_email::{Known, LEASE, RESERVE, Sender, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use mail::{LIVE_URL, Mailbox, SendGrid, SendGridSecrets, Shop};
use resilience::{Deadline, HttpTransport, RandomIds, SystemClock};
use settings::{CachedSecret, SecretsManager, or_default, required};
use store::{DynamoAccounts, DynamoEffects, DynamoOrders};

/// One answer of SendGrid's may take so long.
const TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let client = aws_sdk_dynamodb::Client::new(config.sdk());
    let orders = DynamoOrders::without_stock(&client, required::<String>("ORDERS_TABLE")?);
    let effects = DynamoEffects::new(&client, required::<String>("EFFECTS_TABLE")?);
    let accounts = DynamoAccounts::new(&client, required::<String>("IDENTITY_TABLE")?);
    let secrets: CachedSecret<SendGridSecrets, _, _> =
        CachedSecret::new(required::<String>("SENDGRID_SECRET_ID")?, SecretsManager::from_env(&config)?, SystemClock);
    let link_keys: CachedSecret<LinkKeys, _, _> =
        CachedSecret::new(required::<String>("LINK_KEYS_SECRET_ID")?, SecretsManager::from_env(&config)?, SystemClock);
    let transport = HttpTransport::new(TIMEOUT)?;
    let url = or_default("SENDGRID_API_URL", LIVE_URL.to_owned())?;
    let from: Mailbox = required("MAIL_FROM")?;
    let alerts_to: Mailbox = required("ALERT_EMAIL")?;
    let web_app = or_default("PUBLIC_URL", String::new())?;
    let evidence = Duration::from_secs(or_default("MAIL_EVIDENCE_WAIT_SECONDS", 300)?);
    let patience = MailPatience { lease: LEASE, evidence };
    let (orders, accounts, mails) = (&orders, &accounts, &effects);
    let (secrets, link_keys, transport, url) = (&secrets, &link_keys, &transport, url.as_str());
    let (from, alerts_to, shop) = (&from, &alerts_to, Shop::of(&from, &web_app));
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let keys = secrets.get().await?;
        let sendgrid = SendGrid::new(transport, SystemClock, RandomIds, url, &keys.api_key);
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        let known = Known { orders, accounts, mails };
        let sender = Sender { sendgrid: &sendgrid, from, alerts_to, shop, link_keys, patience };
        Ok::<_, Error>(handle(known, sender, &SystemClock, &RandomIds, deadline, event.payload).await)
    }))
    .await
}
