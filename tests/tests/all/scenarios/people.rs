//! What becomes of an account's events: a mail for each, whatever goes wrong, and orders that forget whom they were for.

use std::collections::BTreeMap;
use std::time::Duration;

use auth::LinkKeys;
use domain::{
    Account, AccountChange, AccountEvent, AccountEventType, Link, LinkKind, Order, OrderStatus, PasswordHash, Person,
    Role,
};
use http::{Method, Request, StatusCode};
use resilience::{Clock as _, Ids as _, SeededIds};
use sandbox::{Fault, FaultKind, Provider};
use serde_json::{Value, json};
use store::{Accounts as _, SaveOutcome};
use suite::{Activity, Misbehaviour};

use super::shop::{CUSTOMER, MAC_KEYS, PlacedOrder, Shop, cart, json_of, placed as placed_of};

const EMAIL: &str = "ada@example.com";

fn event(shop: &Shop, event_type: AccountEventType, link: Option<&Link>) -> AccountEvent {
    let ids = SeededIds::new(shop.store().account_stream_since(0).1 as u64);
    AccountEvent {
        event_id: domain::EventId::from_uuid(ids.fresh()),
        event_type,
        schema_version: domain::ACCOUNT_EVENT_SCHEMA_VERSION,
        account_id: CUSTOMER.parse().unwrap(),
        link_id: link.map(|link| link.id),
        key_id: None,
        provider: None,
        at: shop.clock.now(),
        correlation_id: "people".into(),
    }
}

fn save(shop: &Shop, change: &AccountChange) {
    assert_eq!(shop.clock.run(shop.store().save_account(change)).unwrap(), SaveOutcome::Saved);
}

/// Somebody sets up an account, as `register` stores it.
fn register(shop: &Shop) -> Account {
    let now = shop.clock.now();
    let account = Account {
        id: CUSTOMER.parse().unwrap(),
        role: Role::Customer,
        email: EMAIL.parse().unwrap(),
        email_verified_at: None,
        password: Some(PasswordHash("$argon2id$…".into())),
        identities: vec![],
        sessions_since: now,
        disabled_at: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let link = Link {
        id: "lnk_00000000000000000000000000000001".parse().unwrap(),
        kind: LinkKind::VerifyEmail,
        account: account.id,
        since: account.sessions_since,
        expires_at: now.plus(Duration::from_hours(24)),
    };
    let events = vec![event(shop, AccountEventType::Registered, Some(&link))];
    save(shop, &AccountChange { before: None, after: Some(account.clone()), events, link: Some(link), uses: None });
    account
}

/// As `erase-me` stores it.
fn erase(shop: &Shop, account: &Account) {
    let events = vec![event(shop, AccountEventType::Erased, None)];
    save(shop, &AccountChange { before: Some(account.clone()), after: None, events, link: None, uses: None });
}

#[test]
fn whoever_registers_gets_one_mail_with_a_link_of_their_own() {
    let shop = Shop::open();
    let account = register(&shop);
    shop.settle();
    assert_eq!((shop.mails(), shop.dead_letters()), (vec!["verify_email".to_owned()], 0));
    let mail = &shop.mailbox()[0];
    assert!(mail.to_string().contains(EMAIL));
    let token = mailed_token(mail, "verify-email");
    let keys: LinkKeys = serde_json::from_str(MAC_KEYS).unwrap();
    let id = keys.verify(LinkKind::VerifyEmail, &token).expect("signed here");
    let link = shop.clock.run(shop.store().link(id)).unwrap().expect("still good");
    assert_eq!(link.account, account.id);
    assert!(!shop.suite.bus().counts().keys().any(|queue| !shop.suite.bus().messages(queue).is_empty()));
    assert_eq!(shop.rows(), [], "the sheet hears nothing of accounts");
}

#[test]
fn a_function_that_dies_anywhere_leaves_one_mail_about_an_account() {
    for function in ["account-stream", "send-email", "sendgrid-webhook"] {
        for n in 1..=14 {
            let shop = Shop::open();
            shop.suite.kill_next(function, n);
            register(&shop);
            shop.settle();
            assert_eq!(shop.mails(), ["verify_email"], "{function} died at {n}");
            assert_eq!(shop.dead_letters(), 0, "{function} died at {n}");
        }
    }
}

#[test]
fn an_accounts_event_that_comes_often_is_one_mail() {
    let shop = Shop::open();
    shop.suite.bus().misbehave(Misbehaviour { copies: 3, lose_answers: 2, ..Misbehaviour::default() });
    register(&shop);
    shop.settle();
    assert_eq!((shop.mails(), shop.dead_letters()), (vec!["verify_email".to_owned()], 0));
}

#[test]
fn an_accounts_mail_whose_answer_was_lost_is_settled_by_sendgrids_report() {
    let shop = Shop::open();
    shop.suffers(Fault::new(FaultKind::AnswerLost { millis: 1000 }).at(Provider::Sendgrid).times(1));
    register(&shop);
    let happened = shop.settle();
    let failed =
        |one: &&Activity| matches!(one, Activity::Consumed { function, failed: 1.., .. } if function == "send-email");
    assert!(happened.iter().find(failed).is_some(), "the first try did not know");
    assert_eq!((shop.mails(), shop.dead_letters()), (vec!["verify_email".to_owned()], 0));
}

/// An order that was paid and given back, one that is paid, and one that nobody paid.
fn three_orders(shop: &Shop) -> [PlacedOrder; 3] {
    let [refunded, paid, unpaid] = ["refunded", "paid", "unpaid"].map(|key| shop.order(key));
    for placed in [&refunded, &paid] {
        shop.pay(placed, "pm_card_visa");
    }
    shop.settle();
    cancel(shop, &refunded);
    shop.settle();
    [refunded, paid, unpaid]
}

fn cancel(shop: &Shop, placed: &PlacedOrder) {
    let answer = shop.post(&format!("/v1/orders/{}/cancel", placed.order_id), None);
    assert_eq!(answer.status(), StatusCode::OK);
}

fn order(shop: &Shop, placed: &PlacedOrder) -> Order {
    shop.orders().into_iter().find(|order| order.id.to_string() == placed.order_id).unwrap()
}

/// What is left in store and sheet of whoever ordered.
fn traces(shop: &Shop) -> Vec<&'static str> {
    let everything =
        format!("{} {}", serde_json::to_string(&shop.orders()).unwrap(), shop.sheet()["tabs"][0]["values"]);
    [EMAIL, "\"Ada\"", "Weg 1", "89073"].into_iter().filter(|trace| everything.contains(trace)).collect()
}

/// The order's id, what it costs, and what came and went.
fn books(shop: &Shop) -> BTreeMap<String, (i64, i64, i64, usize)> {
    let entry = |order: Order| {
        let facts = &order.payment.facts;
        (order.id.to_string(), (order.total.amount, facts.captured(), facts.refunded(), order.lines.len()))
    };
    shop.orders().into_iter().map(entry).collect()
}

#[test]
fn orders_of_an_erased_person_forget_them_and_the_books_stay() {
    let shop = Shop::open();
    let account = register(&shop);
    let [refunded, paid, unpaid] = three_orders(&shop);
    let before = books(&shop);
    erase(&shop, &account);
    shop.settle();

    assert!(order(&shop, &refunded).person.contact().is_none(), "nothing was left to do");
    assert_eq!((shop.status(&unpaid), order(&shop, &unpaid).person.contact()), (OrderStatus::Cancelled, None));
    assert!(matches!(order(&shop, &paid).person, Person::Leaving { .. }), "the goods are still to be sent");
    assert_eq!((books(&shop), shop.rows().len(), shop.dead_letters()), (before, 3, 0));

    // Once it is settled, it forgets them too.
    cancel(&shop, &paid);
    shop.settle();
    assert_eq!((shop.status(&paid), order(&shop, &paid).person.contact()), (OrderStatus::Refunded, None));
    assert_eq!(traces(&shop), Vec::<&str>::new());
    assert_eq!(shop.at_stripe()["refunds"].as_array().unwrap().len(), 2);
    let mut rows: Vec<String> = shop.rows().into_iter().map(|(_, status)| status).collect();
    rows.sort();
    assert_eq!((rows, shop.dead_letters()), (vec!["cancelled".to_owned(), "refunded".into(), "refunded".into()], 0));
    // The answer to whoever may still see it has neither.
    let answer = shop.get(&format!("/v1/orders/{}", paid.order_id));
    assert_eq!(
        (answer["total"].as_i64(), answer.get("email"), answer.get("shipping_address")),
        (Some(2900), None, None)
    );
}

#[test]
fn a_function_that_dies_anywhere_forgets_all_the_same() {
    for function in ["account-stream", "erase-orders", "settle-payment", "sync-sheet"] {
        for n in 1..=14 {
            let shop = Shop::open();
            let account = register(&shop);
            let [refunded, paid, unpaid] = three_orders(&shop);
            let before = books(&shop);
            shop.suite.kill_next(function, n);
            erase(&shop, &account);
            shop.settle();
            for placed in [&refunded, &unpaid] {
                assert_eq!(order(&shop, placed).person.contact(), None, "{function} died at {n}");
            }
            assert!(matches!(order(&shop, &paid).person, Person::Leaving { .. }), "{function} died at {n}");
            assert_eq!((books(&shop), shop.dead_letters()), (before, 0), "{function} died at {n}");
        }
    }
}

#[test]
fn an_order_placed_with_the_last_access_token_is_found_as_well() {
    let shop = Shop::open();
    let account = register(&shop);
    erase(&shop, &account);
    shop.clock.run(shop.suite.run_until_idle(Some(&shop.sandbox), Duration::from_mins(1))).unwrap();
    shop.clock.advance(Duration::from_mins(14));
    let late = shop.order("late");
    assert_eq!(shop.status(&late), OrderStatus::PendingPayment);
    shop.settle();
    assert_eq!((shop.status(&late), order(&shop, &late).person.contact()), (OrderStatus::Cancelled, None));
    assert_eq!((traces(&shop), shop.dead_letters()), (vec![], 0));
}

/// One request, with the access token of somebody or without.
fn ask(shop: &Shop, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = Request::post(format!("http://shop.test{path}")).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}")).header("idempotency-key", "mine");
    }
    let answer = shop.clock.run(shop.suite.http(request.body(body.to_string().into()).unwrap()));
    (answer.status().as_u16(), json_of(&answer))
}

/// The token that a mail's link ends with.
fn mailed_token(mail: &Value, page: &str) -> String {
    let mail = mail.to_string();
    let token = mail.split(&format!("http://shop.test/{page}#token=")).nth(1).unwrap();
    token.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).collect()
}

#[test]
fn a_person_comes_and_goes_and_only_the_books_stay() {
    let shop = Shop::open();
    let secret = json!({ "email": EMAIL, "password": "tausend schöne tage" });
    assert_eq!(ask(&shop, "/v1/auth/register", None, &secret).0, 202);
    shop.settle();
    let token = mailed_token(&shop.mailbox()[0], "verify-email");
    let (status, tokens) =
        ask(&shop, "/v1/auth/verify-email", None, &json!({ "token": token, "password": "tausend schöne tage" }));
    let access = tokens["access_token"].as_str();
    assert_eq!((status, access.is_some()), (200, true), "the mailed link works: {tokens}");

    let (status, order) = ask(&shop, "/v1/orders", access, &cart());
    assert_eq!(status, 201, "{order}");
    assert_eq!(ask(&shop, "/v1/me/erase", access, &json!({ "email": EMAIL })).0, 422, "not without the password");
    assert_eq!(ask(&shop, "/v1/me/erase", access, &secret), (202, Value::Null));
    assert_eq!(ask(&shop, "/v1/me/erase", access, &secret), (202, Value::Null), "again, while the token is good");
    shop.settle();

    assert_eq!(ask(&shop, "/v1/auth/login", None, &secret).0, 401);
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    assert_eq!(ask(&shop, "/v1/auth/refresh-token", None, &refresh).0, 401);
    let orders = shop.orders();
    assert_eq!((orders.len(), orders[0].total.amount, orders[0].status), (1, 2900, OrderStatus::Cancelled));
    assert_eq!((traces(&shop), shop.dead_letters()), (vec![], 0));
    assert_eq!(shop.mails(), ["order_cancelled", "verify_email"], "the cancellation is still told");
    // The address is free again, for somebody whom nothing connects with the orders.
    assert_eq!(ask(&shop, "/v1/auth/register", None, &secret).0, 202);
}

/// Somebody orders and calls it off so often, with this email address.
fn order_and_cancel(shop: &Shop, email: &str, times: usize) {
    let mut cart = cart();
    cart["email"] = email.into();
    for n in 0..times {
        let key = format!("{email}-{n}");
        let placed = shop.clock.run(shop.call(Method::POST, "/v1/orders", Some(&key), Some(&cart)));
        cancel(shop, &placed_of(&placed));
        shop.settle();
    }
}

/// Recipients with their names, and texts, of the mails about orders.
fn order_mails(shop: &Shop) -> Vec<(String, String)> {
    let of_orders = |mail: &&Value| mail["custom_args"]["effect_id"].as_str().unwrap().starts_with("ord_");
    let mailbox = shop.mailbox();
    mailbox.iter().filter(of_orders).map(|mail| (mail["to"].to_string(), mail["text"].to_string())).collect()
}

#[test]
fn orders_that_nobody_pays_for_flood_no_mailbox_and_carry_no_message() {
    let shop = Shop::open();
    let account = register(&shop);
    shop.settle();
    // Its address is not verified yet, and another person's is never.
    for email in [EMAIL, "victim@example.com"] {
        let before = order_mails(&shop).len();
        order_and_cancel(&shop, email, 7);
        let mails = order_mails(&shop).split_off(before);
        assert_eq!(mails.len(), 5, "{email}");
        for (to, text) in mails {
            assert!(
                to.contains(email) && text.contains("Mug") && text.contains("Someone, probably you"),
                "{to} {text}"
            );
            assert!(!to.contains("Ada") && !text.contains("Ada") && !text.contains("Weg 1"), "{to} {text}");
        }
    }
    let withheld = shop.orders().into_iter().filter(|order| {
        let history = shop.get(&format!("/v1/orders/{}/history", order.id));
        history["items"].as_array().unwrap().iter().any(|entry| entry["state"] == "withheld")
    });
    assert_eq!((withheld.count(), shop.dead_letters()), (4, 0));
    shop.clock.advance(Duration::from_mins(12));
    let before = order_mails(&shop).len();
    order_and_cancel(&shop, "victim2@example.com", 1);
    order_and_cancel(&shop, "Victim@example.com", 2);
    assert_eq!(order_mails(&shop).len(), before + 2, "one each twelve minutes");

    let verified = Account { email_verified_at: Some(shop.clock.now()), version: 2, ..account.clone() };
    save(
        &shop,
        &AccountChange { before: Some(account), after: Some(verified), events: vec![], link: None, uses: None },
    );
    let before = order_mails(&shop).len();
    for n in 0..7 {
        let placed = shop.order(&format!("own-{n}"));
        cancel(&shop, &placed);
        shop.settle();
    }
    let mails = order_mails(&shop).split_off(before);
    assert_eq!(mails.len(), 7, "the customer hears of each");
    assert!(mails.iter().all(|(to, text)| to.contains("Ada") && text.contains("Weg 1")), "{mails:?}");
}

#[test]
fn whoever_pays_hears_of_it_whatever_the_address() {
    let shop = Shop::open();
    let mut cart = cart();
    cart["email"] = "victim@example.com".into();
    order_and_cancel(&shop, "victim@example.com", 7);
    let before = order_mails(&shop).len();
    let placed = shop.clock.run(shop.call(Method::POST, "/v1/orders", Some("paid"), Some(&cart)));
    let placed = placed_of(&placed);
    shop.pay(&placed, "pm_card_visa");
    shop.settle();
    cancel(&shop, &placed);
    shop.settle();
    let mails = order_mails(&shop).split_off(before);
    assert_eq!(mails.len(), 3, "confirmed, cancelled, refunded");
    assert!(mails.iter().all(|(to, text)| to.contains("Ada") && text.contains("Weg 1")), "{mails:?}");
}
