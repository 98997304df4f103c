//! Wiring for the sheet's queue.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use google_sheets::{DEFAULT_TAB, LIVE_URL, ServiceAccount, Sheets};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use resilience::{Deadline, HttpTransport, RandomIds, SystemClock};
use settings::{SecretSource, SecretsManager, or_default, required};
use sheets::sync_sheet::{RESERVE, handle};
use store::{DynamoEffects, DynamoOrders};

/// One answer of Google's may take so long.
const TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let client = aws_sdk_dynamodb::Client::new(config.sdk());
    let orders = DynamoOrders::without_stock(&client, required::<String>("ORDERS_TABLE")?);
    let effects = DynamoEffects::new(&client, required::<String>("EFFECTS_TABLE")?);
    // The token lives as long as the client, so the client lives as long as the environment.
    let secret = SecretsManager::from_env(&config)?.text(&required::<String>("GOOGLE_SECRET_ID")?).await?;
    let spreadsheet_id = required::<String>("SPREADSHEET_ID")?;
    let sheets = Sheets::new(
        HttpTransport::new(TIMEOUT)?,
        SystemClock,
        RandomIds,
        &or_default("SHEETS_API_URL", LIVE_URL.to_owned())?,
        ServiceAccount::from_json(secret.expose())?,
        &spreadsheet_id,
        or_default("SHEET_TAB", DEFAULT_TAB.to_owned())?,
    );
    let (orders, effects, sheets, spreadsheet_id) = (&orders, &effects, &sheets, spreadsheet_id.as_str());
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = Deadline::of_invocation(event.context.deadline, RESERVE);
        Ok::<_, Error>(handle(orders, effects, sheets, spreadsheet_id, &SystemClock, deadline, event.payload).await)
    }))
    .await
}
