//! Every sample event of the HTTP functions, run through its function.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use edge::authorizer::{AuthorizerError, AuthorizerRequest, AuthorizerResponse};
use sandbox::FaultKind;
use serde_json::Value;
use store::ApiKeys as _;

use crate::environment;

use super::accounts::{self, AccountsFixture, without_tokens};
use super::keys::{WAREHOUSE, api_key};
use super::openid;

use super::world::{ANNA, BEN, HandlerResponse, KEYS, NOON, World, cart, fault, order_id};

/// A shop with an order in each state that the samples are about.
fn shop() -> World {
    let world = World::new();
    for (sku, price) in [("MUG-1", 1250), ("TEE-BLACK-M", 2300)] {
        world.product(sku, price, 100, true);
    }
    for key in ["seed-open", "seed-paid", "seed-disputed"] {
        assert_eq!(world.place(ANNA, key, &cart()).status, 201);
    }
    world.place(BEN, "seed-open", &cart());
    world.add_fault(fault(FaultKind::Unreachable));
    world.place(ANNA, "seed-pending", &cart());
    world.clear_faults();
    for key in ["seed-paid", "seed-disputed"] {
        assert_eq!(world.pay(&order_id(ANNA, key)).body["status"], "paid");
    }
    world.dispute(&order_id(ANNA, "seed-disputed"));
    for key in ["seed-invoiced", "seed-sent"] {
        assert_eq!(world.place_on_invoice(BEN, key).status, 201);
    }
    world.change(&order_id(BEN, "seed-sent"), |order| order.fulfil("fulfil-1", order.updated_at).unwrap());
    let keys = [api_key(WAREHOUSE, NOON), api_key(WAREHOUSE + 1, NOON - 3600)];
    world.run(world.store.save_api_keys(&keys, &[])).unwrap();
    world
}

/// The same shop with two orders more, of which too much and too little came.
fn shop_in_doubt() -> World {
    let world = shop();
    for (key, surplus) in [("seed-doubtful", 1), ("seed-short", -1)] {
        world.place(ANNA, key, &cart());
        world.pay_wrongly(&order_id(ANNA, key), surplus);
    }
    world
}

pub fn samples(function: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function);
    let Ok(entries) = folder.read_dir() else { return vec![] };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

pub fn name(function: &str, file: &Path) -> String {
    format!("{function}/{}", file.file_stem().unwrap().to_str().unwrap()).replace('/', "__")
}

/// Status line, headers by name, body.
pub fn shown(answered: &HandlerResponse) -> String {
    let mut text = format!("{}\n", answered.status);
    let mut headers: Vec<_> =
        answered.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    headers.sort_unstable();
    for (name, value) in headers {
        writeln!(text, "{name}: {value}").unwrap();
    }
    if answered.body != Value::Null {
        write!(text, "\n{}", serde_json::to_string_pretty(&answered.body).unwrap()).unwrap();
    }
    text
}

/// Answers a sample in the world that it is about: a shop with orders unless it is named here.
fn answer(function: &str, event: Value) -> HandlerResponse {
    let request = api::request(serde_json::from_value(event).unwrap());
    match function {
        "resolve-review" => shop_in_doubt().call(function, request),
        "oauth-callback" | "oauth-start" => {
            let world = World::new();
            openid::begin_that_of_the_samples(&world);
            world.call(function, request)
        }
        _ if accounts::FUNCTIONS.contains(&function) => without_tokens(AccountsFixture::new().call(function, request)),
        _ => shop().call(function, request),
    }
}

#[test]
fn every_function_has_a_sample_and_most_have_several() {
    let without: Vec<_> = suite::FUNCTIONS.iter().filter(|function| samples(function).is_empty()).collect();
    assert!(without.is_empty(), "no sample in events/ for {without:?}");
    // What a refusal looks like is shown once for each kind; the matrix has who is refused by which function.
    assert!(suite::FUNCTIONS.iter().filter(|function| samples(function).len() > 1).count() >= 40);
}

/// Their samples have tests of their own.
const ELSEWHERE: [&str; 3] = ["get-openapi", "sendgrid-webhook", "stripe-webhook"];

#[test]
fn every_sample_gets_its_answer() {
    let functions = suite::ENDPOINTS.iter().map(|(function, _)| *function);
    for function in functions.filter(|function| !ELSEWHERE.contains(function)) {
        let files = samples(function);
        for file in files {
            let event = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            insta::assert_snapshot!(name(function, &file), shown(&answer(function, event)));
        }
    }
}

/// Its bodies are files of their own, which tests of `contract` hold against the code.
#[test]
fn every_sample_of_get_openapi_gets_its_answer() {
    let world = World::new();
    for file in samples("get-openapi") {
        let event = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let mut answered = world.call("get-openapi", api::request(event));
        answered.headers.remove("etag").unwrap();
        let body = std::mem::take(&mut answered.body);
        let is_whole = body["openapi"] == "3.1.0" || body == edge::get_openapi::REFERENCE;
        assert_eq!(is_whole, answered.status == 200, "{file:?}");
        insta::assert_snapshot!(name("get-openapi", &file), shown(&answered));
    }
}

/// Asks the authorizer about this sample: a shop with one API key, and these public keys.
fn authorize(file: &Path, keys: &str) -> Result<AuthorizerResponse, AuthorizerError> {
    let world = World::new();
    world.run(world.store.save_api_keys(&[api_key(WAREHOUSE, NOON)], &[])).unwrap();
    let request: AuthorizerRequest = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let warm = world.warm_with_token_keys(keys);
    world.run(edge::authorizer::handle(&environment::local(world.store.clone(), &warm), request))
}

#[test]
fn every_sample_of_the_authorizer_gets_its_answer() {
    for file in samples("authorizer") {
        let answer = authorize(&file, KEYS).unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        insta::assert_snapshot!(name("authorizer", &file), serde_json::to_string_pretty(&answer).unwrap());
    }
}

#[test]
fn keys_that_cannot_be_read_refuse_nobody() {
    let file = samples("authorizer").into_iter().find(|file| file.ends_with("good.json")).unwrap();
    assert!(matches!(authorize(&file, "no JSON"), Err(AuthorizerError::TokenKeys(_))));
}
