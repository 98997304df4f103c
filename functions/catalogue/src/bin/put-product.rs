//! Wiring for `PUT /v1/products/{sku}`: what this function needs, built once per cold start.

use api::Edge;
use resilience::SystemClock;
use settings::required;
use store::{DynamoCatalogue, DynamoGuards};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = aws::Config::from_env()?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config.sdk());
    let catalogue = DynamoCatalogue::new(&dynamodb, required::<String>("CATALOGUE_TABLE")?);
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, catalogue::put_product::ENDPOINT, async |request| {
        catalogue::put_product::handle(&catalogue, &SystemClock, request).await
    })
    .await
}
