//! Orders, products and facts for the tests of the stores.

use std::collections::BTreeMap;

use domain::{
    Change, Currency, CustomerId, IntentFact, IntentStatus, Money, Order, OrderId, PaymentFact, RefundFact,
    RefundStatus, Sku, Timestamp,
};
use store::{Catalogue, Page, PageRequest, PlaceOutcome, ProductEdit, Receipt, ReceiptSource, StockEdit};
use testkit::Sample;
use uuid::Uuid;

use crate::sides::Stores;

pub const PRICE: i64 = 1250;

pub fn eur() -> Currency {
    "eur".parse().unwrap()
}

pub fn sku(code: &str) -> Sku {
    code.parse().unwrap()
}

pub fn order_id(n: u8) -> OrderId {
    OrderId::from_uuid(Uuid::new_v5(&Uuid::nil(), &[n]))
}

pub fn customer(n: u128) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(n))
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + seconds)
}

/// An order of `lines` (sku, quantity) by `customer(1)`, placed at second `placed`.
pub fn placement_of(id: OrderId, lines: &[(&str, u32)], placed: i64) -> Change {
    let lines: Vec<_> = lines.iter().map(|(code, quantity)| (*code, *code, *quantity, PRICE)).collect();
    Sample { id, customer: customer(1), lines: &lines, placed_at: at(placed), ..Sample::default() }.place()
}

/// One mug, ordered as the n-th order at second n.
pub fn mug_order(n: u8) -> Change {
    placement_of(order_id(n), &[("MUG", 1)], i64::from(n))
}

pub fn edit(code: &str, stock: Option<u32>) -> ProductEdit {
    ProductEdit {
        sku: sku(code),
        name: format!("The {code}"),
        prices: BTreeMap::from([(eur(), PRICE), ("jpy".parse().unwrap(), 900)]),
        stock: stock.map(StockEdit::to),
        active: true,
        at: at(0),
        by: None,
    }
}

/// Sets a product's stock.
pub async fn stock<O, E>(stores: &Stores<O, impl Catalogue, E>, code: &str, pieces: u32) {
    stores.catalogue.put(&edit(code, Some(pieces))).await.unwrap();
}

/// A product's stock.
pub async fn left<O, E>(stores: &Stores<O, impl Catalogue, E>, code: &str) -> u32 {
    stores.catalogue.products(&[sku(code)]).await.unwrap()[0].stock
}

/// The order that was just placed.
pub fn new(placed: PlaceOutcome) -> Order {
    match placed {
        PlaceOutcome::New(order) => order,
        other => panic!("{other:?}"),
    }
}

/// Stripe's fact that the order was paid.
pub fn paid(order: &Order) -> PaymentFact {
    intent(order, IntentStatus::Succeeded, order.total)
}

/// Stripe's fact about an intent that waits for the customer.
pub fn waiting(order: &Order) -> PaymentFact {
    intent(order, IntentStatus::RequiresPaymentMethod, Money::zero(eur()))
}

/// Stripe's fact that one of many intents was cancelled.
pub fn canceled(n: usize) -> PaymentFact {
    let PaymentFact::PaymentIntent(fact) = waiting(&mug_order(1).order) else { unreachable!() };
    let id = format!("pi_canceled_{n}").as_str().into();
    PaymentFact::PaymentIntent(IntentFact { id, status: IntentStatus::Canceled, ..fact })
}

fn intent(order: &Order, status: IntentStatus, received: Money) -> PaymentFact {
    let (id, order_id) = ("pi_1".into(), Some(order.id));
    PaymentFact::PaymentIntent(IntentFact {
        id,
        status,
        seen_at: 7,
        created: 7,
        amount: order.total,
        received,
        order_id,
    })
}

/// Stripe's fact about one of many small refunds.
pub fn refund(n: usize) -> PaymentFact {
    PaymentFact::Refund(RefundFact {
        status: RefundStatus::Succeeded,
        amount: Money::new(1, eur()),
        intent: Some("pi_1".into()),
        action: None,
        id: format!("re_{n}").as_str().into(),
    })
}

pub fn receipt(order: OrderId, event: &str, facts: Vec<PaymentFact>) -> Receipt {
    Receipt {
        event_id: event.to_owned(),
        source: ReceiptSource::Webhook,
        order_version: 0,
        event_type: "payment_intent.succeeded".into(),
        created: 1_790_000_000,
        order_id: order,
        facts,
        received_at: at(1),
        correlation_id: "corr-2".into(),
        actor: None,
    }
}

/// The change that the payment makes.
pub fn payment(order: &Order) -> Change {
    order.apply_facts(vec![paid(order)], "corr-2", at(60)).unwrap()
}

pub fn first(limit: usize) -> PageRequest {
    PageRequest { limit, after: None }
}

/// Everything a list has, page by page; `between` is called after each page.
pub async fn all_pages<T>(
    limit: usize,
    list: impl AsyncFn(PageRequest) -> Page<T>,
    between: impl AsyncFn(usize),
) -> Vec<T> {
    let (mut items, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = list(PageRequest { limit, after }).await;
        assert!(page.items.len() <= limit, "a page holds more than was asked for");
        items.extend(page.items);
        pages += 1;
        after = page.next;
        if after.is_none() {
            return items;
        }
        between(pages).await;
    }
}
