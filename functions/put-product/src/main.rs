//! Wiring for `PUT /v1/products/{sku}`: what this function needs, built once per cold start.

use resilience::SystemClock;
use store::DynamoCatalogue;
use telemetry::required;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let catalogue = DynamoCatalogue::new(&aws::dynamodb(&config), required::<String>("CATALOGUE_TABLE")?);
    api::run(async |request| put_product::handle(&catalogue, &SystemClock, request).await).await
}
