//! The events of a request for a function and for the authorizer: payload format 2.0.
//! (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html)

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderMap, Request, header};
use serde_json::{Map, Value, json};

use super::route::RouteMatch;

/// One request on its way through the API.
#[derive(Debug)]
pub struct Call<'a> {
    /// As it came.
    pub request: &'a Request<Bytes>,
    /// Its route.
    pub found: &'a RouteMatch<'a>,
    /// API Gateway's id of the request.
    pub request_id: &'a str,
    /// When it came.
    pub now: Timestamp,
}

/// The address at the other end of the connection: an extension of the request. Without it, it is this machine's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceIp(pub IpAddr);

/// The function's event; `context` is the authorizer's, where the route has one.
pub fn function_event(call: &Call<'_>, context: Option<&Value>) -> Value {
    let mut event = base(call);
    if let Some(context) = context {
        event["requestContext"]["authorizer"] = json!({ "lambda": context });
    }
    let body = call.request.body();
    let as_text = std::str::from_utf8(body).ok().filter(|_| is_text(call.request.headers()));
    event["isBase64Encoded"] = json!(as_text.is_none() && !body.is_empty());
    if !body.is_empty() {
        event["body"] = json!(as_text.map_or_else(|| STANDARD.encode(body), str::to_owned));
    }
    event
}

/// The authorizer's event.
pub fn authorizer_event(call: &Call<'_>, identity: &str) -> Value {
    let mut event = base(call);
    let (method, path) = (call.request.method().as_str(), call.request.uri().path());
    event["type"] = json!("REQUEST");
    event["routeArn"] = json!(format!("arn:aws:execute-api:local:000000000000:local/$default/{method}{path}"));
    event["identitySource"] = json!([identity]);
    event
}

fn base(call: &Call<'_>) -> Value {
    let (uri, headers) = (call.request.uri(), call.request.headers());
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = text(header::HOST);
    let SourceIp(address) = call.request.extensions().get().copied().unwrap_or(SourceIp(Ipv4Addr::LOCALHOST.into()));
    let mut event = json!({
        "version": "2.0",
        "routeKey": call.found.route.key,
        "rawPath": uri.path(),
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": joined(headers),
        "requestContext": {
            "accountId": "000000000000", "apiId": "local", "domainName": host, "domainPrefix": "local",
            "http": {
                "method": call.request.method().as_str(), "path": uri.path(), "protocol": "HTTP/1.1",
                "sourceIp": address.to_string(), "userAgent": text(header::USER_AGENT),
            },
            "requestId": call.request_id, "routeKey": call.found.route.key, "stage": "$default",
            "time": call.now.to_string(), "timeEpoch": call.now.millis(),
        },
    });
    let cookies: Vec<&str> = cookies(headers).collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !call.found.parameters.is_empty() {
        event["pathParameters"] = json!(call.found.parameters);
    }
    if let Some(query) = uri.query() {
        event["queryStringParameters"] = Value::Object(query_parameters(query));
    }
    event
}

/// Each cookie by itself.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).map(str::trim).filter(|cookie| !cookie.is_empty())
}

/// Several headers of one name are joined by a comma; cookies stand elsewhere.
fn joined(headers: &HeaderMap) -> Map<String, Value> {
    let value = |name| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(",")
    };
    headers
        .keys()
        .filter(|name| *name != header::COOKIE)
        .map(|name| (name.as_str().to_owned(), json!(value(name))))
        .collect()
}

/// Several parameters of one name are joined by a comma.
fn query_parameters(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let joined = match parameters.get(&*name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.into_owned(),
        };
        parameters.insert(name.into_owned(), json!(joined));
    }
    parameters
}

/// Whether API Gateway hands the body on as it is; anything else comes base64-encoded.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml", "application/x-www-form-urlencoded"]
            .contains(&kind)
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}
