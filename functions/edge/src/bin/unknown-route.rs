//! Wiring for `$default`: what this function needs, built once per cold start.

use api::Edge;
use settings::required;
use store::DynamoGuards;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let dynamodb = aws_sdk_dynamodb::Client::new(aws::Config::from_env()?.sdk());
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, edge::unknown_route::ENDPOINT, edge::unknown_route::handle).await
}
