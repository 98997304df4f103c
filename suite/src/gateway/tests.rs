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
fn each_request_finds_its_route_or_the_default_one() {
    for (method, path, function) in [
        ("POST", "/v1/orders", Some("create-order")),
        ("GET", "/v1/orders", Some("list-orders")),
        ("GET", "/v1/orders/ord_1", Some("get-order")),
        ("GET", "/v1/orders/ord_1/history", Some("get-order-history")),
        ("DELETE", "/v1/orders/ord_1", Some("unknown-route")),
        ("GET", "/v1/orders/", Some("unknown-route")),
        ("GET", "/v1/nothing", Some("unknown-route")),
        ("GET", "/", Some("unknown-route")),
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

fn cors() -> crate::template::Cors {
    TEMPLATE.parse::<Wiring>().unwrap().cors.unwrap()
}

fn asked_by(origin: &str) -> http::request::Builder {
    Request::options("/v1/orders").header("origin", origin)
}

#[test]
fn a_preflight_is_answered_for_allowed_origins_alone() {
    let cors = cors();
    assert!(!cors.origins.iter().any(|origin| origin.contains('*')), "never everybody, where cookies go along");
    let preflight = |origin: &str| {
        let request = asked_by(origin).header("access-control-request-method", "POST").body(Bytes::new()).unwrap();
        super::preflight(&cors, &request).unwrap()
    };
    let allowed = preflight("http://localhost:5173");
    let header = |name: &str| allowed.headers()[name].to_str().unwrap();
    assert_eq!(
        (allowed.status(), header("access-control-allow-origin")),
        (StatusCode::NO_CONTENT, "http://localhost:5173")
    );
    assert!(header("access-control-allow-headers").split(',').any(|name| name == "prefer"));
    assert_eq!(header("access-control-max-age"), "600");
    let other = preflight("http://localhost:5173.evil.example");
    assert_eq!((other.status(), other.headers().len()), (StatusCode::NO_CONTENT, 0));
    let plain = asked_by("http://localhost:5173").body(Bytes::new()).unwrap();
    assert!(super::preflight(&cors, &plain).is_none(), "an OPTIONS that asks for nothing goes to its route");
}

#[test]
fn pages_of_allowed_origins_may_read_answers_and_their_headers() {
    let cors = cors();
    let marked = |origin: &'static str| {
        let mut answer = message(StatusCode::OK, "");
        mark(&cors, Some(&http::HeaderValue::from_static(origin)), &mut answer);
        answer
    };
    let allowed = marked("http://localhost:5173");
    assert_eq!(allowed.headers()["access-control-allow-origin"], "http://localhost:5173");
    assert!(allowed.headers()["access-control-expose-headers"].to_str().unwrap().contains("ratelimit"));
    assert!(!marked("http://evil.example").headers().contains_key("access-control-allow-origin"));
}

#[test]
fn every_routes_method_may_be_called_from_a_page() {
    let (cors, wiring) = (cors(), TEMPLATE.parse::<Wiring>().unwrap());
    for route in wiring.routes.iter().filter(|route| route.key != crate::Route::DEFAULT) {
        assert!(cors.methods.contains(&route.method), "{}", route.key);
    }
}
