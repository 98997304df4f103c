//! DynamoDB's JSON protocol before an embedded database: one POST for each operation, named in `X-Amz-Target`.
//!
//! The database's own server binds its listener itself and lets every web page read the answers, so nothing could stand
//! before it. Signatures are not checked: who may call is decided by whoever serves this. A crate of its own, because
//! reading requests is slow unless it is optimised, which the rest of the suite is not.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What DynamoDB takes at most.
const LARGEST_BODY: usize = 16 * 1024 * 1024;
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
/// Prefixes of `X-Amz-Target`; streams have their own.
const TARGETS: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];
/// How the database marks what is no malformed JSON but a value that breaks a rule.
const BROKEN_RULE: &str = "VALIDATION:";

/// The protocol over this database.
pub fn router(database: Database) -> Router {
    let routes = Router::new().route("/", post(handle));
    routes.layer(DefaultBodyLimit::max(LARGEST_BODY)).with_state(database)
}

async fn handle(State(database): State<Database>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = TARGETS.iter().find_map(|prefix| target.strip_prefix(prefix)).unwrap_or_default();
    let (status, text) = match carry_out(&database, operation, &body) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(error) => (StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST), error.to_json()),
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

fn carry_out(database: &Database, operation: &str, body: &[u8]) -> dynoxide::Result<String> {
    macro_rules! dispatch {
        ($($name:literal => $method:ident),* $(,)?) => {
            match operation {
                $($name => write(&database.$method(read(body)?)?),)*
                _ => Err(DynoxideError::SerializationException("unknown operation".to_owned())),
            }
        };
    }
    dispatch! {
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        match text.split_once(BROKEN_RULE) {
            Some((_, rule)) => DynoxideError::ValidationException(rule.to_owned()),
            None => DynoxideError::SerializationException(text),
        }
    })
}

fn write(answer: &impl Serialize) -> dynoxide::Result<String> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    async fn call(database: &Database, operation: &str, input: &Value) -> (u16, Value) {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", format!("DynamoDB_20120810.{operation}").parse().unwrap());
        let answer = handle(State(database.clone()), headers, Bytes::from(input.to_string())).await;
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), LARGEST_BODY).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn items_are_written_read_and_refused_as_the_protocol_says() {
        let database = Database::memory().unwrap();
        let table = json!({
            "TableName": "things", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        });
        assert_eq!(call(&database, "CreateTable", &table).await.0, 200);
        let put = json!({
            "TableName": "things", "Item": { "pk": { "S": "one" }, "n": { "N": "1" } },
            "ConditionExpression": "attribute_not_exists(pk)",
        });
        assert_eq!(call(&database, "PutItem", &put).await.0, 200);
        let (status, refused) = call(&database, "PutItem", &put).await;
        assert_eq!(status, 400);
        assert!(refused["__type"].as_str().unwrap().ends_with("#ConditionalCheckFailedException"), "{refused}");
        let get = json!({ "TableName": "things", "Key": { "pk": { "S": "one" } } });
        assert_eq!(call(&database, "GetItem", &get).await, (200, json!({ "Item": put["Item"] })));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_a_400_with_its_type() {
        let database = Database::memory().unwrap();
        for (operation, input) in [("PutItem", json!([1])), ("PutItem", json!({ "TableName": 7 })), ("Fly", json!({}))]
        {
            let (status, refused) = call(&database, operation, &input).await;
            assert_eq!(status, 400);
            assert!(refused["__type"].as_str().unwrap().ends_with("#SerializationException"), "{refused}");
        }
    }
}
