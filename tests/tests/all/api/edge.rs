//! The edge: limits, what a client may ask for and how, and what answers carry.

use std::time::Duration;

use api::{Callers, Class, Query, Subject, WithoutTable};
use bytes::Bytes;
use domain::{Product, Sku};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use store::{Catalogue, Page, PageRequest, ProductEdit, StoreError};
use suite::{ENDPOINTS, Segment};

use crate::scenarios::shop::Shop;

use crate::environment;

use super::world::{ADMIN, ANNA, BEN, HandlerResponse, Who, World, cart, event, order_id, order_request, request};

fn header<'a>(answered: &'a HandlerResponse, name: &str) -> Option<&'a str> {
    answered.headers.get(name).map(|value| value.to_str().unwrap())
}

/// A request with this in its event.
fn asking(who: Option<Who>, path: &str, query: &str, headers: Value) -> api::Request {
    let mut event = event(who);
    event["rawPath"] = path.into();
    event["rawQueryString"] = query.into();
    event["headers"] = headers;
    request(event)
}

fn from_address(address: &str, function: &str, world: &World) -> HandlerResponse {
    let mut event = event(None);
    event["requestContext"]["http"]["sourceIp"] = address.into();
    world.call(function, request(event))
}

/// What any function of the suite answers: all of them are wired there.
fn of_suite(shop: &Shop, function: &str, event: Value) -> HandlerResponse {
    let answer = shop.clock.run(shop.suite.call(function, event)).unwrap();
    let headers = answer["headers"].as_object().unwrap().iter();
    let pair = |(name, value): (&String, &Value)| (name.parse().unwrap(), value.as_str().unwrap().parse().unwrap());
    HandlerResponse {
        status: answer["statusCode"].as_u64().unwrap().try_into().unwrap(),
        headers: headers.map::<(HeaderName, HeaderValue), _>(pair).collect(),
        body: serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_default(),
    }
}

#[test]
fn each_function_limits_its_class_and_says_so() {
    let shop = Shop::open();
    let told = |function: &str, who: Option<Who>| {
        let answered = of_suite(&shop, function, event(who));
        header(&answered, "ratelimit-policy").map(str::to_owned)
    };
    for (function, endpoint) in ENDPOINTS {
        if endpoint.class == Class::Webhook {
            continue;
        }
        for (who, subject) in [(None, Subject::Address), (Some(ANNA), Subject::Principal)] {
            let limit = endpoint.class.limit(subject);
            let policy = format!(r#""{}";q={};w={}"#, endpoint.class.as_str(), limit.requests, limit.period.as_secs());
            assert_eq!(told(function, who), Some(policy), "{function}");
        }
    }
}

#[test]
fn the_limit_is_each_callers_own_and_comes_back_in_time() {
    let world = World::new();
    let pay = |who: Who| world.about("create-payment-intent", who, "ord_1");
    for left in (0..30).rev() {
        let answered = pay(ANNA);
        assert_eq!(answered.status, 404);
        let standing = header(&answered, "ratelimit").unwrap();
        assert!(standing.starts_with(&format!(r#""pay";r={left};t="#)), "{standing}");
    }
    let refused = pay(ANNA);
    assert_eq!(refused.problem(), (429, "too-many-requests", None));
    assert_eq!((header(&refused, "ratelimit"), header(&refused, "retry-after")), (Some(r#""pay";r=0;t=2"#), Some("2")));
    assert_eq!(pay(BEN).status, 404, "others are not disturbed");
    assert_eq!(world.about("confirm-payment", ANNA, "ord_1").status, 429, "another route of the class");
    assert_eq!(world.about("get-order", ANNA, "ord_1").status, 404, "another class");

    world.clock.advance(Duration::from_millis(1_999));
    assert_eq!(pay(ANNA).status, 429);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!((pay(ANNA).status, pay(ANNA).status), (404, 429), "one came back");
}

#[test]
fn who_is_not_known_shares_a_bucket_with_the_address_and_no_other() {
    let world = World::new();
    let list = |address: &str| from_address(address, "list-products", &world).status;
    for _ in 0..300 {
        assert_eq!(list("192.0.2.1"), 200);
    }
    assert_eq!((list("192.0.2.1"), list("192.0.2.2")), (429, 200));
    let bad_tokens = from_address("192.0.2.1", "get-order", &world);
    assert_eq!(bad_tokens.status, 429, "a token that nobody knows has no bucket of its own");
    assert_eq!(world.about("get-order", ANNA, "ord_1").status, 404, "a known caller is not the address");
}

#[test]
fn a_refused_request_never_reaches_the_handler() {
    let world = World::new();
    for number in 0..40 {
        world.call("create-order", order_request(ANNA, Some(&format!("key-{number}")), &cart()));
    }
    assert!(world.store.all_orders().len() < 30, "stock ends before the limit does");
    let before = world.store.all_orders().len();
    world.product("MUG-1", 1250, 100, true);
    world.product("TEE-BLACK-M", 2300, 100, true);
    assert_eq!(world.place(ANNA, "key-99", &cart()).status, 429);
    assert_eq!(world.store.all_orders().len(), before);
}

#[test]
fn a_guarded_function_answers_nobody_whatever_they_send() {
    let shop = Shop::open();
    for (function, endpoint) in ENDPOINTS.iter().filter(|(_, endpoint)| endpoint.callers == Callers::Known) {
        let mut nobody = event(None);
        let mut refused = event(None);
        refused["requestContext"]["authorizer"] = json!({"lambda": {"refused": "true"}});
        nobody["headers"]["accept"] = "image/png".into();
        nobody["rawQueryString"] = "unknown=1".into();
        let (nobody, refused) = (of_suite(&shop, function, nobody), of_suite(&shop, function, refused));
        assert_eq!(nobody.problem(), (401, "unauthenticated", None), "{function} {endpoint:?}");
        assert_eq!(header(&nobody, "www-authenticate"), Some(r#"Bearer realm="order-api""#));
        assert_eq!(refused.problem(), (401, "unauthenticated", None), "{function}");
        assert_eq!(header(&refused, "www-authenticate"), Some(r#"Bearer realm="order-api", error="invalid_token""#));
    }
}

#[test]
fn parameters_that_are_unknown_or_doubled_are_refused_by_name() {
    let world = World::new();
    let list = |query: &str| world.call("list-orders", asking(Some(ANNA), "/v1/orders", query, json!({})));
    assert_eq!(list("limit=1&status=paid").status, 200);
    for (query, field) in
        [("stauts=paid", "stauts"), ("limit=1&limit=2", "limit"), ("a%20b", "a b"), ("Limit=1", "Limit")]
    {
        assert_eq!(list(query).problem(), (422, "invalid-field", Some(field)), "{query}");
    }
    let shop = Shop::open();
    for (function, endpoint) in ENDPOINTS {
        if matches!(endpoint.query, Query::Only(_)) && endpoint.class != Class::Webhook {
            let mut event = event(Some(ADMIN));
            event["rawQueryString"] = "verbose=1".into();
            let answered = of_suite(&shop, function, event);
            assert_eq!(answered.problem(), (422, "invalid-field", Some("verbose")), "{function}");
        }
    }
}

#[test]
fn an_answer_that_the_client_does_not_take_is_not_acceptable() {
    let world = World::new();
    let get = |accept: &str| world.call("list-products", asking(None, "/v1/products", "", json!({"accept": accept})));
    assert_eq!(get("text/html").problem(), (406, "not-acceptable", None));
    assert_eq!(
        header(&get("text/html"), "content-type"),
        Some("application/problem+json"),
        "a refusal is a problem all the same"
    );
    for accept in ["application/json", "*/*", "text/html, */*;q=0.1", ""] {
        assert_eq!(get(accept).status, 200, "{accept}");
    }
}

#[test]
fn a_client_can_do_without_the_body_of_what_it_changes() {
    let world = World::new();
    let minimal = |who: Who, body: Option<Value>, parameters: Value| {
        let mut event = event(Some(who));
        event["headers"] =
            json!({"content-type": "application/json", "prefer": "return=minimal", "idempotency-key": "key-1"});
        event["pathParameters"] = parameters;
        if let Some(body) = body {
            event["body"] = body.to_string().into();
        }
        request(event)
    };
    let brief = |answered: HandlerResponse, status: StatusCode| {
        assert_eq!((answered.status, &answered.body), (status.as_u16(), &Value::Null));
        assert_eq!(header(&answered, "preference-applied"), Some("return=minimal"));
        assert_eq!(header(&answered, "content-type"), None);
        answered
    };
    let placed = brief(world.call("create-order", minimal(ANNA, Some(cart()), json!({}))), StatusCode::CREATED);
    let order = order_id(ANNA, "key-1");
    assert_eq!(header(&placed, "location"), Some(&*format!("/v1/orders/{order}")));
    brief(world.call("cancel-order", minimal(ANNA, None, json!({"order_id": order}))), StatusCode::NO_CONTENT);
    let product = json!({"name": "Mug", "prices": {"eur": 1300}, "active": true});
    brief(world.call("put-product", minimal(ADMIN, Some(product), json!({"sku": "MUG-1"}))), StatusCode::NO_CONTENT);

    // What is asked for its answer has one, and a failure always says why.
    let paid = world.call("confirm-payment", minimal(ANNA, None, json!({"order_id": order})));
    assert!(paid.body.is_object() && !paid.headers.contains_key("preference-applied"));
    let unknown = world.call("cancel-order", minimal(ANNA, None, json!({"order_id": "ord_1"})));
    assert_eq!(unknown.problem(), (404, "not-found", None));
}

#[test]
fn the_address_or_the_method_is_unknown_and_the_answer_says_which() {
    let world = World::new();
    let ask = |method: &str, path: &str| {
        let mut event = event(None);
        event["rawPath"] = path.into();
        event["requestContext"]["http"]["method"] = method.into();
        world.call("unknown-route", request(event))
    };
    assert_eq!(ask("GET", "/v1/order").problem(), (404, "not-found", None));
    let other = ask("PATCH", "/v1/orders");
    assert_eq!((other.problem(), header(&other, "allow")), ((405, "method-not-allowed", None), Some("GET, POST")));
    let options = ask("OPTIONS", "/v1/orders/ord_1/cancel");
    assert_eq!((options.status, header(&options, "allow")), (204, Some("POST")));
    let head = ask("HEAD", "/v1/products");
    assert_eq!((head.status, header(&head, "allow"), &head.body), (405, Some("GET"), &Value::Null));
}

#[test]
fn every_route_of_the_template_says_which_methods_it_knows() {
    let shop = Shop::with_limits(0);
    let routes: Vec<_> = shop.suite.wiring().routes.iter().filter(|route| !route.segments.is_empty()).collect();
    assert!(routes.len() > 12, "the template was not read whole");
    for route in routes {
        let segments = route.segments.iter().map(|segment| match segment {
            Segment::Text(text) => text.as_str(),
            Segment::Parameter(_) => "any",
        });
        let path = segments.collect::<Vec<_>>().join("/");
        let request = http::Request::builder().method("TRACE").uri(format!("http://shop.test/{path}"));
        let answer = shop.clock.run(shop.suite.http(request.body(Bytes::new()).unwrap()));
        let allow =
            answer.headers().get("allow").map(|methods| methods.to_str().unwrap().split(", ").collect::<Vec<_>>());
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{}", route.key);
        assert!(allow.is_some_and(|methods| methods.contains(&&*route.method)), "{}", route.key);
    }
}

#[test]
fn nothing_personal_may_be_kept_and_nothing_may_be_framed() {
    // The same for everybody.
    let public = ["get-jwks", "get-openapi", "list-products"];
    let shop = Shop::open();
    let placed = shop.order("key-1");
    let owner = Who("cus_00000000000000000000000000000001", "customer");
    for (function, endpoint) in ENDPOINTS {
        for who in [None, Some(owner), Some(ADMIN)] {
            let mut event = event(who);
            event["pathParameters"] = json!({"order_id": placed.order_id});
            let answered = of_suite(&shop, function, event);
            let control = header(&answered, "cache-control").unwrap();
            let may_be_kept = public.contains(function) && answered.status == 200;
            assert_eq!(control.starts_with("public, max-age="), may_be_kept, "{function} {control}");
            assert!(may_be_kept || control == "no-store", "{function} {control}");
            assert_eq!(header(&answered, "x-frame-options"), Some("DENY"), "{function} {endpoint:?}");
        }
    }
}

#[test]
fn the_catalogue_serves_on_for_ten_seconds_and_then_shows_what_changed() {
    let world = World::new();
    let stock = || world.call("list-products", request(event(None))).body["items"][0]["stock"].clone();
    assert_eq!(stock(), 10);
    world.product("MUG-1", 1250, 7, true);
    world.clock.advance(Duration::from_millis(9_999));
    assert_eq!(stock(), 10);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(stock(), 7);
}

/// A catalogue whose table is out of reach.
struct UnavailableCatalogue;

impl Catalogue for UnavailableCatalogue {
    async fn products(&self, _: &[Sku]) -> Result<Vec<Product>, StoreError> {
        Err(StoreError::Unavailable("down".into()))
    }

    async fn put(&self, _: &ProductEdit) -> Result<Product, StoreError> {
        Err(StoreError::Unavailable("down".into()))
    }

    async fn list(&self, _: &PageRequest) -> Result<Page<Product>, StoreError> {
        Err(StoreError::Unavailable("down".into()))
    }
}

#[test]
fn an_old_page_serves_while_the_table_is_down() {
    let world = World::new();
    let warm = world.warm();
    let (up, down) = (environment::local(world.store.clone(), &warm), environment::local(UnavailableCatalogue, &warm));
    let ask = |query: &str| asking(None, "/v1/products", query, json!({}));
    let fresh = world.run(catalogue::list_products::handle(&up, ask(""))).unwrap();
    world.clock.advance(Duration::from_mins(9));
    let old = world.run(catalogue::list_products::handle(&down, ask(""))).unwrap();
    assert_eq!((old.status(), old.body()), (StatusCode::OK, fresh.body()));
    let other = world.run(catalogue::list_products::handle(&down, ask("limit=1")));
    assert!(matches!(other, Err(api::ApiError::Store(_))), "a page that nobody asked for is not at hand");
    world.clock.advance(Duration::from_mins(1));
    assert!(world.run(catalogue::list_products::handle(&down, ask(""))).is_err(), "ten minutes are over");
}

#[test]
fn the_table_of_limits_is_the_one_that_holds() {
    let written = include_str!("../../../../docs/semantics/rate-limits.md");
    for class in Class::ALL {
        let [caller, address] = [Subject::Principal, Subject::Address].map(|subject| class.limit(subject));
        assert_eq!((caller.period, address.period), (Duration::from_mins(1), Duration::from_mins(1)));
        let down = match class.without_table() {
            WithoutTable::Passes => "passes",
            WithoutTable::IsRefused => "refused (503)",
        };
        let row = format!("| `{}` | {} | {} | {down} |", class.as_str(), caller.requests, address.requests);
        assert!(written.contains(&row), "SEMANTICS.md lacks {row}");
    }
}
