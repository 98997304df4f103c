//! What the orders that wait to be paid cost the clock's work.

use auth::Role;
use domain::{
    Address, Cart, Change, CustomerId, Money, Order, OrderId, OrderLine, PaymentChoice, PaymentTerms, PricedCart,
    Timestamp,
};
use resilience::{Ids as _, RandomIds};
use serde_json::json;

use super::BenchError;
use super::call::Call;
use super::world::World;

/// How many orders wait.
const WAITING: u32 = 1000;
const SKU: &str = "waited-for";

/// The calls, one after the other. Nothing that follows from the orders is delivered any more.
pub async fn calls(world: &mut World) -> Result<(), BenchError> {
    let admin = world.token(Role::Admin, None)?;
    let product = json!({ "name": "Waited for", "prices": { "EUR": 890 }, "stock": WAITING });
    let put = Call::new("PUT /v1/products/{sku}", "/v1/products/waited-for");
    world.ask(&Call { token: Some(&admin), body: Some(&product), status: 201, ..put }).await?;
    world.run_schedule_unmeasured("expire-orders").await?;
    world.begin("While 1000 unpaid orders wait, and none is due");
    for _ in 0..WAITING {
        let unpaid = unpaid(world.now()).ok_or(BenchError::Missing("the unpaid order"))?;
        world.place(&unpaid).await?;
    }
    world.run_schedule("expire-orders", "1000 orders wait").await
}

fn unpaid(now: Timestamp) -> Option<Change> {
    let currency = "eur".parse().ok()?;
    let (sku, price) = (SKU.parse().ok()?, Money::new(890, currency));
    let line = OrderLine { sku, name: "Waited for".to_owned(), quantity: 1, unit_price: price };
    let shipping_address = Address {
        name: "Anna Sample".to_owned(),
        line1: "Münsterplatz 1".to_owned(),
        line2: None,
        city: "Ulm".to_owned(),
        state: None,
        postal_code: Some("89073".to_owned()),
        country: "DE".to_owned(),
    };
    let (email, payment_method) = ("anna@example.com".parse().ok()?, PaymentChoice::Stripe);
    let cart = Cart { lines: vec![], currency, shipping_address, email, payment_method };
    let priced = PricedCart { cart, lines: vec![line], total: price };
    let (method, held_until) = PaymentTerms::default().agreed(payment_method, now);
    let (id, customer) = (OrderId::from_uuid(RandomIds.fresh()), CustomerId::from_uuid(RandomIds.fresh()));
    Some(Order::place(id, customer, priced, method, held_until, "bench", now))
}
