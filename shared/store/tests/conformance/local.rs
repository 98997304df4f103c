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

/// What goes wrong with a request.
pub enum Fault {
    /// It is carried out, and the connection breaks before the answer.
    AnswerLost,
    /// The same, and then somebody else does this, before the request is repeated.
    AnswerLostWhile(Box<dyn FnOnce(&LocalDynamo) + Send>),
    /// It is not carried out, and this is answered.
    Refused(u16, &'static str),
}

/// A transaction that met another one: what DynamoDB answers and the embedded database never does.
pub const CONFLICT: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message":"Transaction cancelled","CancellationReasons":[{"Code":"TransactionConflict","Message":"conflict"}]}"#;
/// A single write that met a transaction.
pub const CONFLICT_OF_ONE: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"conflict"}"#;

/// The database and what is in store for its next requests.
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

    /// A client configured as on AWS, time-outs and retries included, whose requests end here.
    pub fn client(&self) -> aws_sdk_dynamodb::Client {
        let config = aws::Config::new(aws::Settings::local("http://127.0.0.1:1")).unwrap();
        let connector = SharedHttpConnector::new(self.clone());
        let here = http_client_fn(move |_: &HttpConnectorSettings, _: &RuntimeComponents| connector.clone());
        let config = aws_sdk_dynamodb::Client::new(config.sdk()).config().to_builder().http_client(here).build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    /// The next request of this operation without a fault of its own gets this one.
    pub fn fail(&self, operation: &'static str, fault: Fault) {
        self.state().faults.push_back((operation, fault));
    }

    /// The next so many requests of this operation are carried out without an answer.
    pub fn lose_answers(&self, operation: &'static str, count: usize) {
        (0..count).for_each(|_| self.fail(operation, Fault::AnswerLost));
    }

    /// From now on a transaction's token is not remembered, as after its ten minutes.
    pub fn forget_tokens(&self) {
        self.state().forgets_tokens = true;
    }

    pub fn forget_requests(&self) {
        self.state().requests.clear();
    }

    /// The operations that were asked for since they were last forgotten.
    pub fn requests(&self) -> Vec<String> {
        self.state().requests.clone()
    }

    /// Asks the database itself, past the SDK and its faults.
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
            // A request takes its time: others get their turn before it and after it.
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
