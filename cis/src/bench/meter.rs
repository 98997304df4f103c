//! What a call asks for on its way: requests to DynamoDB with the capacity that they consume, calls to providers.
//!
//! Counted at the seams from outside: an interceptor of the AWS SDK and a wrapper around the transport. Nothing of the
//! product knows of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use bytes::Bytes;
use http::{Request, Response};
use resilience::{Transport, TransportError};
use sandbox::Provider;
use serde_json::{Value, json};

use super::access::{Access, accesses};
use super::running::RunningFunction;

/// What a refused conditional write costs: that of an item of up to 1 KB. DynamoDB charges for it and its error does not
/// say how much. (docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html)
const REFUSED: f64 = 1.0;
/// Each item of a transaction costs twice as much.
const TRANSACTIONAL: f64 = 2.0;

/// One request to DynamoDB.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRequest {
    /// As in `PutItem`.
    pub operation: String,
    /// The first of its tables.
    pub table: String,
    /// How many items it names; 1 for a query.
    pub items: usize,
    /// Read capacity units.
    pub reads: f64,
    /// Write capacity units, indexes included.
    pub writes: f64,
    /// A condition refused it.
    pub refused: bool,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum OutboundRequest {
    /// DynamoDB.
    Table(TableRequest),
    /// A provider, as in `POST /v1/payment_intents`.
    Provider(Provider, String),
}

/// Something that was asked for, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Expense {
    /// The function.
    pub function: String,
    /// What.
    pub asked: OutboundRequest,
    /// From when to when it was under way, in ticks: two that overlap did not wait for each other.
    pub span: Span,
}

/// A part of time, by a clock that ticks each time a request begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: u64,
    /// Its end.
    pub to: u64,
}

impl Expense {
    /// The request, where it was DynamoDB that was asked.
    pub const fn table(&self) -> Option<&TableRequest> {
        if let OutboundRequest::Table(request) = &self.asked { Some(request) } else { None }
    }

    /// Which provider was asked, and what, if it was one.
    pub fn provider(&self) -> Option<(Provider, &str)> {
        if let OutboundRequest::Provider(provider, call) = &self.asked { Some((*provider, call)) } else { None }
    }
}

/// Records outbound requests. Clones share the records.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    spent: Arc<Mutex<Vec<Expense>>>,
    accesses: Arc<Mutex<BTreeSet<(String, Access)>>>,
    running: RunningFunction,
    ticks: Arc<AtomicU64>,
}

impl Meter {
    /// Which function runs is known from here.
    pub const fn running(&self) -> &RunningFunction {
        &self.running
    }

    /// The requests since the last call.
    pub fn take(&self) -> Vec<Expense> {
        std::mem::take(&mut *self.spent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    /// Records a request that began at this tick and ends now.
    fn record(&self, from: u64, function: String, asked: OutboundRequest) {
        let spent = Expense { function, asked, span: Span { from, to: self.tick() } };
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).push(spent);
    }

    /// Every access to a table so far, each with its function.
    #[cfg(test)]
    pub fn accesses(&self) -> BTreeSet<(String, Access)> {
        self.accesses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks DynamoDB for the capacity that each request consumes, and records it. Each attempt counts.
impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let mut body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
        body["ReturnConsumedCapacity"] = json!("TOTAL");
        let body = body.to_string();
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = SdkBody::from(body);
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let operation = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
        let (table, items) = items(&body);
        let accesses = accesses(operation.unwrap_or_default(), &body).into_iter();
        let by_function = accesses.map(|access| (self.running.function(), access));
        self.accesses.lock().unwrap_or_else(PoisonError::into_inner).extend(by_function);
        bag.interceptor_state().store_put(SentRequest {
            operation: operation.unwrap_or_default().to_owned(),
            table,
            items,
            function: self.running.function(),
            from: self.tick(),
        });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(sent) = bag.load::<SentRequest>() else { return Ok(()) };
        let answer = context.response().and_then(|response| response.body().bytes());
        let answer: Value = answer.map(serde_json::from_slice).transpose()?.unwrap_or_default();
        self.record(sent.from, sent.function.clone(), OutboundRequest::Table(sent.answered(&answer)));
        Ok(())
    }
}

/// A request on its way; the SDK gives the request itself away.
#[derive(Clone, Debug)]
struct SentRequest {
    operation: String,
    table: String,
    items: usize,
    function: String,
    from: u64,
}

impl Storable for SentRequest {
    type Storer = StoreReplace<Self>;
}

impl SentRequest {
    /// With what DynamoDB says of it.
    fn answered(&self, answer: &Value) -> TableRequest {
        let Self { operation, table, items, .. } = self.clone();
        let is_read = ["GetItem", "BatchGetItem", "Query"].contains(&operation.as_str());
        let capacity = &answer["ConsumedCapacity"];
        let units = match capacity {
            Value::Null if operation == "TransactWriteItems" => TRANSACTIONAL * REFUSED * as_units(items),
            Value::Null => REFUSED,
            Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
            table => table["CapacityUnits"].as_f64().unwrap_or_default(),
        };
        let (reads, writes) = if is_read { (units, 0.0) } else { (0.0, units) };
        TableRequest { operation, table, items, reads, writes, refused: capacity.is_null() }
    }
}

/// The first table that a request names, and how many items in all.
fn items(request: &Value) -> (String, usize) {
    let text = |table: &Value| table.as_str().unwrap_or_default().to_owned();
    if let Some(actions) = request["TransactItems"].as_array() {
        let first = actions.first().and_then(Value::as_object).and_then(|action| action.values().next());
        return (first.map(|action| text(&action["TableName"])).unwrap_or_default(), actions.len());
    }
    if let Some(tables) = request["RequestItems"].as_object() {
        let keys = tables.values().filter_map(|table| table["Keys"].as_array().map(Vec::len)).sum();
        return (tables.keys().next().cloned().unwrap_or_default(), keys);
    }
    (text(&request["TableName"]), 1)
}

fn as_units(items: usize) -> f64 {
    u32::try_from(items).map_or(f64::MAX, f64::from)
}

/// A transport that records each call.
#[derive(Debug)]
pub struct Metered<T> {
    inner: T,
    meter: Meter,
}

impl<T> Metered<T> {
    /// Records the calls to `inner`.
    pub const fn new(inner: T, meter: Meter) -> Self {
        Self { inner, meter }
    }
}

impl<T: Transport> Transport for Metered<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path();
        let asked = Provider::of_path(path)
            .map(|provider| OutboundRequest::Provider(provider, format!("{} {path}", request.method())));
        let (from, function) = (self.meter.tick(), self.meter.running.function());
        // Over a network others would begin meanwhile.
        tokio::task::yield_now().await;
        let answer = self.inner.send(request).await;
        if let Some(asked) = asked {
            self.meter.record(from, function, asked);
        }
        answer
    }
}
