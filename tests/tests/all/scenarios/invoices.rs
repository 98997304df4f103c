//! Orders on invoice: sent, paid by a bank transfer, called off, or late.

use std::time::Duration;

use auth::Role;
use domain::{ApiKey, EventType, LedgerKind, PaymentTerms, Scope};
use http::{Method, StatusCode};
use resilience::Clock as _;
use serde_json::{Value, json};
use store::{ApiKeys as _, MAX_PAGE, Orders as _, PageRequest, ReceiptSource};

use super::shop::{CUSTOMER, STOCK, Shop, cart, json_of};
use crate::api::keys::{api_key, text};

fn by_staff(shop: &Shop, path: &str, body: Option<&Value>) -> (u16, Value) {
    let token = shop.token(Role::Staff, "usr_0000000000000000000000000000000a");
    let answer = shop.clock.run(shop.call_with(&token, Method::POST, path, None, body));
    (answer.status().as_u16(), json_of(&answer))
}

/// An order on invoice, placed by a service in the customer's name.
fn invoiced(shop: &Shop) -> String {
    let key = ApiKey {
        scopes: [Scope::OrdersPlace, Scope::OrdersInvoice].into_iter().collect(),
        customer: CUSTOMER.parse().unwrap(),
        ..api_key(1, shop.clock.now().seconds())
    };
    shop.clock.run(shop.store().save_api_keys(&[key], &[])).unwrap();
    let mut cart = cart();
    cart["payment_method"] = "invoice".into();
    let answer = shop.clock.run(shop.call_with(&text(1), Method::POST, "/v1/orders", Some("invoice-1"), Some(&cart)));
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", String::from_utf8_lossy(answer.body()));
    let answer = json_of(&answer);
    assert_eq!(answer["payment"]["status"], "invoice");
    answer["order_id"].as_str().unwrap().to_owned()
}

/// How often the order was said to be late.
fn overdue_events(shop: &Shop, order: &str) -> usize {
    let request = PageRequest { limit: MAX_PAGE, after: None };
    let events = shop.clock.run(shop.store().events(order.parse().unwrap(), &request)).unwrap();
    events.items.iter().filter(|event| event.event_type == EventType::InvoiceOverdue).count()
}

/// So much time passes, and `expire-orders` has its turns.
fn later(shop: &Shop, time: Duration) {
    shop.clock.advance(time);
    shop.settle();
}

#[test]
fn an_invoice_is_placed_sent_and_paid() {
    let shop = Shop::open();
    let order = invoiced(&shop);
    shop.settle();
    assert_eq!((shop.rows(), shop.mails().len()), (vec![(order.clone(), "invoiced".to_owned())], 0));
    assert_eq!(by_staff(&shop, &format!("/v1/orders/{order}/fulfil"), None).0, 200);
    shop.settle();
    let (status, paid) =
        by_staff(&shop, &format!("/v1/orders/{order}/mark-paid"), Some(&json!({"reference": "RE 2026-1"})));
    assert_eq!((status, &paid["status"]), (200, &"fulfilled".into()), "{paid}");
    shop.settle();
    assert_eq!(shop.rows(), [(order.clone(), "fulfilled".to_owned())]);
    assert_eq!((shop.mails(), shop.dead_letters()), (vec!["order_confirmation".to_owned()], 0));
    assert_eq!(shop.at_stripe()["payment_intents"], json!([]), "Stripe never heard of it");
    assert_eq!(shop.stock(), STOCK - 2);
}

#[test]
fn a_cancelled_invoice_gives_its_goods_back_and_takes_no_transfer() {
    let shop = Shop::open();
    let order = invoiced(&shop);
    assert_eq!(by_staff(&shop, &format!("/v1/orders/{order}/cancel"), None).0, 200);
    shop.settle();
    assert_eq!((shop.stock(), shop.rows()), (STOCK, vec![(order.clone(), "cancelled".to_owned())]));
    let reference = json!({"reference": "RE 2026-1"});
    assert_eq!(by_staff(&shop, &format!("/v1/orders/{order}/mark-paid"), Some(&reference)).0, 409);
}

#[test]
fn what_staff_note_is_noted_once_wherever_the_function_dies() {
    let reference = json!({"reference": "RE 2026-1"});
    for (function, verb, body) in
        [("mark-invoice-paid", "mark-paid", Some(&reference)), ("fulfil-order", "fulfil", None)]
    {
        let mut died = 0;
        for n in 1..=10 {
            let shop = Shop::open();
            let order = invoiced(&shop);
            let path = format!("/v1/orders/{order}/{verb}");
            shop.suite.kill_next(function, n);
            died += u32::from(by_staff(&shop, &path, body).0 != 200);
            shop.settle();
            assert_eq!(by_staff(&shop, &path, body).0, 200, "{function} died at {n}");
            shop.settle();
            let id = order.parse().unwrap();
            let store = shop.store();
            let (ledger, receipts) = shop.clock.run(async { (store.ledger(id).await, store.receipts(id).await) });
            let booked: Vec<_> = ledger.unwrap().iter().map(|entry| (entry.kind, entry.amount.amount)).collect();
            let heard: Vec<_> = receipts.unwrap().iter().map(|receipt| receipt.source).collect();
            let paid = function == "mark-invoice-paid";
            let expected =
                if paid { (vec![(LedgerKind::Transfer, 2900)], vec![ReceiptSource::Staff]) } else { (vec![], vec![]) };
            assert_eq!((booked, heard), expected, "{function} died at {n}");
            assert_eq!((shop.mails().len(), shop.dead_letters()), (usize::from(paid), 0), "{function} died at {n}");
        }
        assert!((3..10).contains(&died), "{function} died {died} times");
    }
}

#[test]
fn a_late_invoice_is_told_of_once_and_can_still_be_paid() {
    let shop = Shop::open();
    let order = invoiced(&shop);
    shop.settle();
    let due = PaymentTerms::default().invoice_due;
    later(&shop, due.checked_sub(Duration::from_hours(1)).unwrap());
    assert_eq!((overdue_events(&shop, &order), shop.alerts()), (0, vec![]), "not yet");
    for turn in 0..3 {
        later(&shop, Duration::from_hours(2));
        assert_eq!(overdue_events(&shop, &order), 1, "turn {turn}");
        assert_eq!((shop.alerts(), shop.mails()), (vec!["invoice overdue".to_owned()], vec![]), "turn {turn}");
    }
    let shown = shop.get(&format!("/v1/orders/{order}"));
    assert_eq!((&shown["status"], shop.stock()), (&"invoiced".into(), STOCK - 2), "it keeps its goods");
    assert!(shown["payment_method"]["overdue_since"].is_string(), "{shown}");
    assert_eq!(by_staff(&shop, &format!("/v1/orders/{order}/fulfil"), None).0, 200, "staff may send it all the same");

    let transfer = json!({"reference": "RE 2026-1", "amount": 2900, "currency": "eur"});
    let (status, paid) = by_staff(&shop, &format!("/v1/orders/{order}/mark-paid"), Some(&transfer));
    assert_eq!((status, &paid["status"], &paid["captured"]), (200, &"fulfilled".into(), &2900.into()), "{paid}");
    later(&shop, Duration::from_hours(24));
    assert_eq!((overdue_events(&shop, &order), shop.alerts().len(), shop.dead_letters()), (1, 1, 0));
    assert_eq!((shop.mails(), shop.rows()), (vec!["order_confirmation".to_owned()], vec![(order, "fulfilled".into())]));
}

#[test]
fn a_late_invoice_is_told_of_once_wherever_the_function_dies() {
    let mut died = 0;
    for n in 1..=12 {
        let shop = Shop::open();
        let order = invoiced(&shop);
        shop.settle();
        shop.suite.kill_next("expire-orders", n);
        later(&shop, PaymentTerms::default().invoice_due);
        died += usize::from(overdue_events(&shop, &order) == 0);
        later(&shop, Duration::from_mins(10));
        later(&shop, Duration::from_mins(10));
        assert_eq!((overdue_events(&shop, &order), shop.alerts().len()), (1, 1), "died at {n}");
    }
    assert!(died > 0, "some of them before it was written");
}
