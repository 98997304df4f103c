//! Wiring for `GET /openapi.json` and `GET /reference`: the text that was compiled in, and the rate limit.

use api::Edge;
use settings::required;
use store::DynamoGuards;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let dynamodb = aws_sdk_dynamodb::Client::new(aws::Config::from_env()?.sdk());
    let edge = Edge::from_env(DynamoGuards::new(&dynamodb, required::<String>("GUARDS_TABLE")?))?;
    api::run(&edge, edge::get_openapi::ENDPOINT, async |request| edge::get_openapi::handle(&request)).await
}
