//! `PutItem` by the AWS SDK with ring, once for each place that trusted roots can come from.

use std::env::var;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

/// Serves a function that puts one item.
///
/// # Errors
///
/// A variable is missing, or the Runtime API is gone.
pub async fn serve(http: SharedHttpClient) -> Result<(), Error> {
    let (key, secret) = (var("AWS_ACCESS_KEY_ID")?, var("AWS_SECRET_ACCESS_KEY")?);
    let credentials = Credentials::new(key, secret, var("AWS_SESSION_TOKEN").ok(), None, "environment");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(var("AWS_REGION")?))
        .endpoint_url(var("AWS_ENDPOINT_URL_DYNAMODB")?)
        .credentials_provider(credentials)
        .http_client(http);
    let client = Client::from_conf(config.build());
    run(service_fn(async |_: LambdaEvent<Value>| {
        let put = client.put_item().table_name("orders").item("pk", AttributeValue::S("ord_1".to_owned()));
        put.condition_expression("attribute_not_exists(pk)").send().await?;
        Ok::<_, Error>(json!({ "statusCode": 201 }))
    }))
    .await
}
