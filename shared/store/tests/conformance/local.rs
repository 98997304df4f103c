//! An embedded DynamoDB behind the AWS SDK's own HTTP seam: no sockets, every request counted, answers lost on demand.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use serde_json::Value;

/// A fault of a request.
pub enum Fault {
    /// The request is carried out, and the connection breaks before the answer.
    AnswerLost,
    /// The same, and then another request is made before this one is retried.
    AnswerLostWhile(Box<dyn FnOnce(&LocalDynamo) + Send>),
    /// The request is not carried out, and gets this answer.
    Refused(u16, &'static str),
}

/// The answer to a transaction that conflicts with another one; the embedded database never gives it.
pub const CONFLICT: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message":"Transaction cancelled","CancellationReasons":[{"Code":"TransactionConflict","Message":"conflict"}]}"#;
/// The answer to a single write that conflicts with a transaction.
pub const CONFLICT_OF_ONE: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"conflict"}"#;

/// The database, and the faults of its next requests.
#[derive(Clone)]
pub struct LocalDynamo {
    database: Database,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    requests: Vec<String>,
    faults: VecDeque<(&'static str, Fault)>,
    forgets_tokens: bool,
}

impl LocalDynamo {
    pub fn new() -> Self {
        Self { database: Database::memory().unwrap(), state: Arc::default() }
    }

    /// A client configured as on AWS, timeouts and retries included, whose requests end here.
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        let config = aws::Config::new(aws::Settings::local("http://127.0.0.1:1")).unwrap();
        let connector = SharedHttpConnector::new(self.clone());
        let here = http_client_fn(move |_: &HttpConnectorSettings, _: &RuntimeComponents| connector.clone());
        let config = aws_sdk_dynamodb::Client::new(config.sdk()).config().to_builder().http_client(here).build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    /// Gives the next request of this operation without a fault this one.
    pub fn fail(&self, operation: &'static str, fault: Fault) {
        self.state().faults.push_back((operation, fault));
    }

    /// Carries out the next requests of this operation without an answer.
    pub fn lose_answers(&self, operation: &'static str, count: usize) {
        (0..count).for_each(|_| self.fail(operation, Fault::AnswerLost));
    }

    /// Forgets transaction tokens from now on, as DynamoDB does after ten minutes.
    pub fn forget_tokens(&self) {
        self.state().forgets_tokens = true;
    }

    pub fn forget_requests(&self) {
        self.state().requests.clear();
    }

    /// The operations that were requested since the last call.
    pub fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    /// Asks the database itself, bypassing the SDK and the faults.
    pub fn ask(&self, operation: &str, request: Value) -> Value {
        let (status, answer) = carry_out(&self.database, operation, request);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let mut body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let fault = {
            let mut state = self.state();
            state.requests.push(operation.clone());
            if state.forgets_tokens && operation == "TransactWriteItems" {
                body.as_object_mut().unwrap().remove("ClientRequestToken");
            }
            let next = state.faults.iter().position(|(of, _)| *of == operation);
            next.and_then(|position| state.faults.remove(position))
        };
        if let Some((_, Fault::Refused(status, answer))) = fault {
            return Ok(response(status, answer.to_owned()));
        }
        let (status, answer) = carry_out(&self.database, &operation, body);
        match fault {
            Some((_, Fault::AnswerLost)) => Err(ConnectorError::io("connection reset".into())),
            Some((_, Fault::AnswerLostWhile(other))) => {
                other(self);
                Err(ConnectorError::io("connection reset".into()))
            }
            _ => Ok(response(status, answer)),
        }
    }
}

impl fmt::Debug for LocalDynamo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalDynamo")
    }
}

impl HttpConnector for LocalDynamo {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            // A request takes time: other tasks run before and after it.
            tokio::task::yield_now().await;
            let answer = this.answer(&request);
            tokio::task::yield_now().await;
            answer
        })
    }
}

fn response(status: u16, body: String) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body))
}

fn carry_out(database: &Database, operation: &str, request: Value) -> (u16, String) {
    macro_rules! dispatch {
        ($($name:literal => $method:ident),* $(,)?) => {
            match operation {
                $($name => database
                    .$method(serde_json::from_value(request).unwrap())
                    .map(|answer| serde_json::to_string(&answer).unwrap()),)*
                other => panic!("{other} is not wired"),
            }
        };
    }
    let answer = dispatch! {
        "BatchGetItem" => batch_get_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "PutItem" => put_item,
        "Query" => query,
        "TransactWriteItems" => transact_write_items,
        "UpdateItem" => update_item,
        "UpdateTimeToLive" => update_time_to_live,
    };
    match answer {
        Ok(answer) => (200, answer),
        Err(error) => (error.status_code(), error.to_json()),
    }
}
