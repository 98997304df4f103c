//! Wiring for `POST /v1/orders`: what this function needs, built once per cold start.

use std::time::Duration;

use api::Edge;
use domain::PaymentTerms;
use orders::create_order::{ENDPOINT, handle};
use resilience::{RandomIds, SystemClock};
use settings::{or_default, required};
use store::{DynamoCatalogue, DynamoGuards, DynamoOrders};
use stripe_account::StripeAccount;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let catalogue_table: String = required("CATALOGUE_TABLE")?;
    let orders = DynamoOrders::new(&dynamodb, required::<String>("ORDERS_TABLE")?, catalogue_table.clone());
    let catalogue = DynamoCatalogue::new(&dynamodb, catalogue_table);
    let account = StripeAccount::from_env(&config, checkout::TIMEOUT)?;
    let terms = PaymentTerms {
        reservation: Duration::from_secs(or_default("RESERVATION_SECONDS", 3600)?),
        invoice_due: Duration::from_hours(24 * or_default::<u64>("INVOICE_DUE_DAYS", 30)?),
    };
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, ENDPOINT, async |request| {
        let stripe = account.client_unless_down().await;
        handle(&orders, &catalogue, stripe.as_ref(), terms, &SystemClock, &RandomIds, request).await
    })
    .await
}
