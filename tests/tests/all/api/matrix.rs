//! Every operation of the API's document as every kind of caller: through routes, authorizer, edge and handler, each
//! answer is the one that the table says. An operation without a row fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use auth::mint::{ACCESS_TOKEN_LIFETIME, SigningKey, mint};
use auth::{Caller, Role, TokenRules, Who};
use bytes::Bytes;
use domain::{Account, AccountChange, ApiKey, PasswordHash, Scope, Timestamp};
use http::{Method, Request};
use resilience::Clock as _;
use serde_json::{Value, json};
use store::{Accounts as _, ApiKeys as _};

use crate::scenarios::shop::{Shop, cart};

use super::accounts::HASH;
use super::keys::{api_key, text};

const OWNER: &str = "cus_00000000000000000000000000000001";
const OTHER: &str = "cus_00000000000000000000000000000002";
const STAFF_ID: &str = "usr_0000000000000000000000000000000a";
const ADMIN_ID: &str = "usr_0000000000000000000000000000000b";

/// A kind of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Principal {
    /// No header at all.
    Nobody,
    /// A token signed with a key that is not ours.
    Forged,
    /// A token of yesterday's.
    Expired,
    /// The customer whose order it is.
    Owner,
    /// Another customer.
    Other,
    Staff,
    Admin,
    /// A service that placed the order itself.
    Placer,
    /// A service with one scope, and orders of its own only.
    Key(Scope),
    /// A service whose key may do nothing.
    Scopeless,
    /// A service whose key was revoked.
    Revoked,
}

use Principal::{Admin, Expired, Forged, Key, Nobody, Other, Owner, Placer, Revoked, Scopeless, Staff};

const PRINCIPALS: [(&str, Principal); 17] = [
    ("none", Nobody),
    ("forged", Forged),
    ("expired", Expired),
    ("owner", Owner),
    ("other", Other),
    ("staff", Staff),
    ("admin", Admin),
    ("key own", Placer),
    ("k:place", Key(Scope::OrdersPlace)),
    ("k:read", Key(Scope::OrdersRead)),
    ("k:cancel", Key(Scope::OrdersCancel)),
    ("k:invoi.", Key(Scope::OrdersInvoice)),
    ("k:fulfil", Key(Scope::OrdersFulfil)),
    ("k:refund", Key(Scope::OrdersRefund)),
    ("k:catal.", Key(Scope::CatalogueWrite)),
    ("k:none", Scopeless),
    ("revoked", Revoked),
];

/// What each of [`PRINCIPALS`] is answered, in their order.
#[rustfmt::skip]
const TABLE: &[(&str, [u16; 17])] = &[
    //                         none  forg exp  own  oth  staf adm  kown kpla krea kcan kinv kful kref kcat knon revoked
    ("cancel-order",          [401, 401, 401, 200, 404, 200, 200, 200, 404, 403, 200, 404, 404, 404, 404, 404, 401]),
    ("change-password",       [401, 401, 401, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
    ("confirm-payment",       [401, 401, 401, 200, 404, 403, 403, 200, 404, 403, 404, 404, 404, 404, 404, 404, 401]),
    ("create-api-key",        [401, 401, 401, 403, 403, 403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
    ("create-order",          [401, 401, 401, 201, 201, 403, 403, 201, 201, 403, 403, 403, 403, 403, 403, 403, 401]),
    ("create-payment-intent", [401, 401, 401, 200, 404, 403, 403, 200, 404, 403, 404, 404, 404, 404, 404, 404, 401]),
    ("erase-me",              [401, 401, 401, 202, 202, 202, 202, 403, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
    ("fulfil-order",          [401, 401, 401, 403, 404, 409, 409, 403, 404, 403, 404, 404, 409, 404, 404, 404, 401]),
    ("get-health",            [200; 17]),
    ("get-jwks",              [200; 17]),
    ("get-me",                [401, 401, 401, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
    ("get-openapi",           [200; 17]),
    ("get-order",             [401, 401, 401, 200, 404, 200, 200, 200, 404, 200, 404, 404, 404, 404, 404, 404, 401]),
    ("get-order-history",     [401, 401, 401, 200, 404, 200, 200, 200, 404, 200, 404, 404, 404, 404, 404, 404, 401]),
    ("get-reference",         [200; 17]),
    ("list-api-keys",         [401, 401, 401, 403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
    ("list-orders",           [401, 401, 401, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 403, 401]),
    ("list-products",         [200; 17]),
    // Who signs in or goes on with a session shows a password or a token in the body; who calls is not looked at.
    ("login",                 [200; 17]),
    ("logout",                [204; 17]),
    ("mark-invoice-paid",     [401, 401, 401, 403, 404, 409, 409, 403, 404, 403, 404, 404, 404, 404, 404, 404, 401]),
    ("oauth-callback",        [303; 17]),
    ("oauth-start",           [303; 17]),
    ("put-product",           [401, 401, 401, 403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 403, 200, 403, 401]),
    ("refresh-token",         [401; 17]),
    ("refund-order",          [401, 401, 401, 403, 404, 409, 409, 403, 404, 403, 404, 404, 404, 409, 404, 404, 401]),
    ("register",              [202; 17]),
    ("request-password-reset", [202; 17]),
    ("reset-password",        [400; 17]),
    ("resolve-review",        [401, 401, 401, 403, 404, 409, 409, 403, 404, 403, 404, 404, 404, 404, 404, 404, 401]),
    ("revoke-api-key",        [401, 401, 401, 403, 403, 403, 204, 403, 403, 403, 403, 403, 403, 403, 403, 403, 401]),
    ("sendgrid-webhook",      [400; 17]),
    ("stripe-webhook",        [400; 17]),
    ("update-order",          [401, 401, 401, 200, 404, 403, 403, 200, 404, 403, 404, 404, 404, 404, 404, 404, 401]),
    ("verify-email",          [400; 17]),
];

impl Principal {
    /// The bearer that it sends.
    fn bearer(self, shop: &Shop) -> Option<String> {
        let now = shop.clock.now();
        let ours = shop.keys.active(now).unwrap();
        let yesterday = Timestamp::from_seconds(now.seconds() - 86_400);
        Some(match self {
            Nobody => return None,
            Forged => token(Role::Customer, OWNER, &SigningKey::generate(now).unwrap(), now),
            Expired => token(Role::Customer, OWNER, ours, yesterday),
            Owner => token(Role::Customer, OWNER, ours, now),
            Other => token(Role::Customer, OTHER, ours, now),
            Staff => token(Role::Staff, STAFF_ID, ours, now),
            Admin => token(Role::Admin, ADMIN_ID, ours, now),
            Placer => key(shop, 1, &[Scope::OrdersPlace], OWNER, None),
            Key(scope) => key(shop, 2, &[scope], OTHER, None),
            Scopeless => key(shop, 3, &[], OWNER, None),
            Revoked => key(shop, 4, &Scope::ALL, OWNER, Some(yesterday)),
        })
    }
}

fn token(role: Role, id: &str, key: &SigningKey, at: Timestamp) -> String {
    let caller = Caller { who: Who::new(role, id).unwrap(), token_id: "matrix".to_owned(), auth_time: None };
    mint(&caller, &TokenRules::default(), key, at, ACCESS_TOKEN_LIFETIME).unwrap()
}

/// Stores a key and shows it.
fn key(shop: &Shop, number: u128, scopes: &[Scope], customer: &str, revoked_at: Option<Timestamp>) -> String {
    let (scopes, customer) = (scopes.iter().copied().collect(), customer.parse().unwrap());
    let key = ApiKey { scopes, customer, revoked_at, ..api_key(number, shop.clock.now().seconds()) };
    shop.clock.run(shop.store().save_api_keys(&[key], &[])).unwrap();
    text(number)
}

/// The four people's accounts, with one password.
fn people(shop: &Shop) {
    for (role, id, name) in [
        (Role::Customer, OWNER, "owner"),
        (Role::Customer, OTHER, "other"),
        (Role::Staff, STAFF_ID, "staff"),
        (Role::Admin, ADMIN_ID, "admin"),
    ] {
        let now = shop.clock.now();
        let account = Account {
            id: id.parse().unwrap(),
            role,
            email: format!("{name}@example.com").parse().unwrap(),
            email_verified_at: Some(now),
            password: Some(PasswordHash(HASH.to_owned())),
            identities: vec![],
            sessions_since: now,
            disabled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let change = AccountChange { before: None, after: Some(account), events: vec![], link: None, uses: None };
        shop.clock.run(shop.store().save_account(&change)).unwrap();
    }
}

/// A request that is good in all but, perhaps, who sends it.
fn query_and_body(operation: &str, principal: Principal) -> (&'static str, Option<Value>) {
    let query = if operation == "list-orders" { "?status=pending_payment" } else { "" };
    let body = match operation {
        "create-order" => Some(cart()),
        "mark-invoice-paid" => Some(json!({"reference": "RE 2026-1142"})),
        "update-order" => Some(json!({"email": "new@example.com"})),
        "refund-order" => Some(json!({"reason": "requested_by_customer"})),
        "resolve-review" => Some(json!({"decision": "accept"})),
        "put-product" => Some(json!({"name": "Mug", "prices": {"eur": 1250}})),
        "create-api-key" => Some(json!({"name": "matrix", "scopes": ["orders:read"]})),
        "login" => Some(json!({"email": "owner@example.com", "password": "correct horse 1"})),
        "register" => Some(json!({"email": "new@example.com", "password": "a new staple 2"})),
        "change-password" => Some(json!({"current_password": "correct horse 1", "new_password": "a new staple 2"})),
        "request-password-reset" => Some(json!({"email": "owner@example.com"})),
        "erase-me" => {
            let name = format!("{principal:?}").to_lowercase();
            Some(json!({"email": format!("{name}@example.com"), "password": "correct horse 1"}))
        }
        "reset-password" => Some(json!({"token": "no link", "new_password": "a new staple 2"})),
        "verify-email" => Some(json!({"token": "no link", "password": "correct horse 1"})),
        "logout" | "refresh-token" => Some(json!({"refresh_token": "none of ours"})),
        "sendgrid-webhook" | "stripe-webhook" => Some(json!([])),
        _ => None,
    };
    (query, body)
}

fn ask(operation: &Operation, principal: Principal) -> u16 {
    let shop = Shop::with_limits(0);
    people(&shop);
    key(&shop, 9, &[], OTHER, None);
    let called_back = api_key(9, 0).id.to_string();
    let placed = shop.order("matrix");
    let (query, body) = query_and_body(&operation.id, principal);
    let path = operation
        .path
        .replace("{order_id}", &placed.order_id)
        .replace("{sku}", "mug")
        .replace("{key_id}", &called_back)
        .replace("{provider}", "sandbox");
    let mut request = Request::builder()
        .method(operation.method.clone())
        .uri(format!("http://shop.test{path}{query}"))
        .header("content-type", "application/json")
        .header("idempotency-key", "matrix-2");
    if let Some(bearer) = principal.bearer(&shop) {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    shop.clock.run(shop.suite.http(request.body(body).unwrap())).status().as_u16()
}

struct Operation {
    id: String,
    method: Method,
    path: String,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(edge::get_openapi::DOCUMENT).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let mut operations: Vec<_> = paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
            })
        })
        .collect();
    operations.sort_by(|one, other| one.id.cmp(&other.id));
    operations
}

#[test]
fn every_operation_answers_every_principal_as_the_table_says() {
    let expected: BTreeMap<&str, [u16; 17]> = TABLE.iter().copied().collect();
    let operations = operations();
    let ids: Vec<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(
        ids,
        expected.keys().copied().collect::<Vec<_>>(),
        "each operation has a row, and each row an operation"
    );

    let mut printed = format!("{:<24}", "");
    for (name, _) in PRINCIPALS {
        write!(printed, "{name:>9}").unwrap();
    }
    let mut wrong = Vec::new();
    for operation in &operations {
        write!(printed, "\n{:<24}", operation.id).unwrap();
        for ((name, principal), expected) in PRINCIPALS.into_iter().zip(expected[operation.id.as_str()]) {
            let status = ask(operation, principal);
            write!(printed, "{status:>9}").unwrap();
            if status != expected {
                wrong.push(format!("{} as {name}: {status} instead of {expected}", operation.id));
            }
        }
    }
    // Not by println, which the test runner keeps to itself: whoever runs the tests sees the matrix.
    writeln!(std::io::stdout(), "{printed}").unwrap();
    assert_eq!(wrong, Vec::<String>::new());
    insta::assert_snapshot!("matrix", printed);
}
