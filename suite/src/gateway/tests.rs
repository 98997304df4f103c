use bytes::Bytes;
use domain::Timestamp;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::template::Wiring;

const TEMPLATE: &str = include_str!("../../../template.yaml");

fn event(request: &Request<Bytes>, context: Option<&Value>) -> Value {
    let wiring: Wiring = TEMPLATE.parse().unwrap();
    let found = find(&wiring.routes, request.method().as_str(), request.uri().path()).unwrap();
    let now = Timestamp::from_seconds(1);
    function_event(&Call { request, found: &found, request_id: "request-1", now }, context)
}

fn route(method: &str, path: &str) -> Option<String> {
    let wiring: Wiring = TEMPLATE.parse().unwrap();
    find(&wiring.routes, method, path).map(|found| found.route.function.clone())
}

#[test]
fn each_request_finds_its_route_or_none() {
    for (method, path, function) in [
        ("POST", "/v1/orders", Some("create-order")),
        ("GET", "/v1/orders", Some("list-orders")),
        ("GET", "/v1/orders/ord_1", Some("get-order")),
        ("GET", "/v1/orders/ord_1/history", Some("get-order-history")),
        ("DELETE", "/v1/orders/ord_1", None),
        ("GET", "/v1/orders/", None),
        ("GET", "/v1/nothing", None),
        ("GET", "/", None),
    ] {
        assert_eq!(route(method, path).as_deref(), function, "{method} {path}");
    }
}

#[test]
fn the_function_is_told_what_payload_format_2_0_says() {
    let request = Request::get("/v1/orders/ord%5F1/history?limit=2&limit=3&q=a%20b")
        .header("X-Correlation-Id", "abcdefgh")
        .header("Cookie", "a=1; b=2")
        .body(Bytes::new())
        .unwrap();
    let event = event(&request, Some(&json!({ "principal": "cus_1" })));
    assert_eq!(event["pathParameters"], json!({ "order_id": "ord_1" }));
    assert_eq!(event["queryStringParameters"], json!({ "limit": "2,3", "q": "a b" }));
    assert_eq!(event["headers"], json!({ "x-correlation-id": "abcdefgh" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["requestContext"]["authorizer"]["lambda"]["principal"], "cus_1");
    assert_eq!((&event["isBase64Encoded"], &event["body"]), (&json!(false), &Value::Null));
}

#[test]
fn a_body_that_is_not_text_comes_base64_encoded() {
    let request = |kind: &str| {
        Request::post("/v1/webhooks/stripe").header("content-type", kind).body(Bytes::from_static(b"{}\r\n")).unwrap()
    };
    let text = event(&request("application/json; charset=utf-8"), None);
    assert_eq!((&text["body"], &text["isBase64Encoded"]), (&json!("{}\r\n"), &json!(false)));
    let binary = event(&request("application/octet-stream"), None);
    assert_eq!((&binary["body"], &binary["isBase64Encoded"]), (&json!("e30NCg=="), &json!(true)));
}

#[test]
fn an_answer_that_is_none_becomes_a_500() {
    let answer = of_function(&json!({ "statusCode": 201, "headers": { "location": "/v1" }, "body": "aGk=",
        "isBase64Encoded": true, "cookies": ["a=1", "b=2"] }));
    assert_eq!((answer.status(), answer.body().as_ref()), (StatusCode::CREATED, b"hi".as_slice()));
    assert_eq!(
        (answer.headers()["location"].as_bytes(), answer.headers().get_all("set-cookie").iter().count()),
        (b"/v1".as_slice(), 2)
    );
    assert_eq!(of_function(&json!({ "hello": 1 })).status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn the_authorizers_answer_is_forgotten_in_time() {
    let cache = AuthorizerCache::default();
    let at = Timestamp::from_seconds;
    cache.keep("Bearer a", at(60), at(0), &json!({ "isAuthorized": true }));
    assert!(cache.get("Bearer a", at(59)).is_some());
    assert!(cache.get("Bearer a", at(60)).is_none());
    assert!(cache.get("Bearer b", at(1)).is_none());
}
