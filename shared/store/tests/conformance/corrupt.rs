//! Malformed items: errors name their key and show nothing of their content.

use std::time::Duration;

use domain::ReservationAttempt;
use serde_json::json;
use store::{
    Accounts, ApiKeys, Catalogue, KnownAddresses, MailEffects, Orders, RateLimiter, ReservationAttempts, Sessions,
    StoreError,
};

use crate::fixtures::{at, customer, first, order_id, sku};
use crate::guards::LIMIT;
use crate::people::{account, account_id, key_id, session};
use crate::sides::{dynamo, run};

fn check<T: std::fmt::Debug>(read: Result<T, StoreError>, key: &str) {
    let error = read.unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt(named) if named == key), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("secret"));
}

#[test]
fn what_cannot_be_read_is_named_and_not_shown() {
    run(async {
        let side = dynamo().await;
        let id = order_id(1).to_string();
        let put = |table: &str, pk: &str, sk: &str| {
            let item = json!({"pk": {"S": pk}, "sk": {"S": sk}, "event": {"S": "secret"}, "email": {"S": "secret"}});
            side.local.ask("PutItem", json!({"TableName": table, "Item": item}));
        };
        put("orders", &id, "order");
        put("orders", &id, "event#0000000001#00");
        put("orders", &id, "receipt#evt_1");
        put("catalogue", "product#MUG", "product");
        put("effects", &id, "mail#order_confirmation#evt_1");

        check(side.stores.orders.find(order_id(1)).await, &format!("{id} order"));
        check(side.stores.orders.events(order_id(1), &first(9)).await, &format!("{id} event#0000000001#00"));
        check(side.stores.orders.receipts(order_id(1)).await, &format!("{id} receipt#evt_1"));
        check(side.stores.catalogue.products(&[sku("MUG")]).await, "product#MUG product");
        check(side.stores.effects.mails_about(order_id(1)).await, &format!("{id} mail#order_confirmation#evt_1"));
    });
}

#[test]
fn of_people_and_buckets_nothing_is_shown_either() {
    run(async {
        let side = dynamo().await;
        let (anna, session) = (account(1, "anna@example.com"), session(1, account_id(1)));
        let put = |table: &str, pk: &str, sk: &str| {
            let item = json!({"pk": {"S": pk}, "sk": {"S": sk}, "current": {"S": "secret"}, "tat": {"S": "secret"},
                "account": {"S": anna.id.to_string()}, "email": {"S": "secret"}, "announced": {"S": "secret"}});
            side.local.ask("PutItem", json!({"TableName": table, "Item": item}));
        };
        let (id, sessions, session_key) =
            (anna.id.to_string(), format!("sessions#{}", anna.id), session.id.to_string());
        put("identity", &id, "account");
        put("identity", "email#anna@example.com", "email");
        put("identity", &sessions, &session_key);
        put("identity", "flow#ab12", "flow");
        put("identity", &format!("key#{}", key_id(1)), "key");
        put("guards", "bucket#b", "bucket");
        put("guards", "fact#f", "fact");
        put("guards", &format!("placing#{}", customer(1)), "placing");

        let (accounts, guards) = (&side.people.accounts, &side.people.guards);
        check(accounts.account(anna.id).await, &format!("{id} account"));
        check(accounts.account_with_email(&anna.email).await, &format!("{id} account"));
        check(accounts.session(anna.id, session.id).await, &format!("{sessions} {session_key}"));
        check(accounts.take_flow("ab12").await, "flow#ab12 flow");
        check(accounts.api_key(key_id(1)).await, &format!("key#{} key", key_id(1)));
        check(guards.take("b", LIMIT, at(0)).await, "bucket#b bucket");
        check(guards.remembers("f", at(0)).await, "fact#f fact");
        let attempt = ReservationAttempt { order: order_id(1), pieces: [(sku("MUG"), 1)].into(), is_edit: false };
        let announced = guards.announce(customer(1), &attempt, Duration::from_mins(1), at(0)).await;
        check(announced, &format!("placing#{} placing", customer(1)));
    });
}
