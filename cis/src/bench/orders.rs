//! Orders: one from its placing to the sheet, what is read of it, one that is cancelled and refunded, one of which staff
//! give a part back, one that is edited and then not paid, and one that Stripe refuses to charge.

use std::time::Duration;

use auth::Role;
use bytes::Bytes;
use http::Response;
use sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use suite::Wiring;

use super::BenchError;
use super::call::{Call, json_of, text_of};
use super::world::World;

/// The section whose sum is an order's price.
pub const WHOLE_ORDER: &str = "An order of two lines: placed, paid, mailed, in the sheet";
/// Everything that follows from a call happens within it.
pub const SOON: Duration = Duration::from_mins(10);
/// Longer than the reservation of an unpaid order.
const TOO_LATE: Duration = Duration::from_hours(2);
const FIRST: &[(&str, &str)] = &[("idempotency-key", "first")];
const SECOND: &[(&str, &str)] = &[("idempotency-key", "second")];
const THIRD: &[(&str, &str)] = &[("idempotency-key", "third")];
const FOURTH: &[(&str, &str)] = &[("idempotency-key", "fourth")];
const FIFTH: &[(&str, &str)] = &[("idempotency-key", "fifth")];
const SIXTH: &[(&str, &str)] = &[("idempotency-key", "sixth")];
const REFUND: &[(&str, &str)] = &[("idempotency-key", "refund")];
const CUSTOMER: &str = "cus_00000000000000000000000000000077";

/// The calls, one after the other.
pub async fn calls(world: &mut World) -> Result<(), BenchError> {
    let customer = world.token(Role::Customer, Some(CUSTOMER))?;
    let staff = world.token(Role::Staff, None)?;
    let order = whole_order(world, &customer).await?;
    reads(world, &order, &customer, &staff).await?;
    cancelled(world, &customer).await?;
    given_back(world, &customer, &staff).await?;
    edited_and_not_paid(world, &customer).await?;
    refused(world, &customer).await?;
    by_api_key(world).await
}

/// An order's way to a mail and a row. Returns the order's id.
pub async fn whole_order(world: &mut World, customer: &str) -> Result<String, BenchError> {
    world.begin(WHOLE_ORDER);
    let answer = world.call(&place(customer, FIRST, &cart())).await?;
    world.settle(SOON).await?;
    pay(world, &answer).await?;
    world.settle(SOON).await?;
    text_of(&answer, "/order_id")
}

/// An unpaid order, not measured.
pub async fn unpaid_order(world: &mut World, customer: &str) -> Result<(), BenchError> {
    world.ask(&place(customer, FIRST, &cart())).await?;
    world.settle_unmeasured(SOON).await
}

async fn reads(world: &mut World, order: &str, customer: &str, staff: &str) -> Result<(), BenchError> {
    world.begin("The same order afterwards");
    let repeated = cart();
    world.call(&Call { variant: "repeated", ..place(customer, FIRST, &repeated) }).await?;
    let (shown, confirm) = (what_shows(world.wiring(), order), format!("/v1/orders/{order}/confirm-payment"));
    let by = |token, route, path| Call { token: Some(token), ..Call::new(route, path) };
    for (route, path) in &shown {
        world.call(&by(customer, route, path)).await?;
    }
    world.call(&by(customer, "POST /v1/orders/{order_id}/confirm-payment", &confirm)).await?;
    world.call(&by(customer, "GET /v1/orders", "/v1/orders")).await?;
    let paid = by(staff, "GET /v1/orders", "/v1/orders?status=paid");
    world.call(&Call { variant: "of all, by status", ..paid }).await?;
    Ok(())
}

/// The routes that show something of an order, and their paths for this one.
fn what_shows(wiring: &Wiring, order: &str) -> Vec<(String, String)> {
    let path = |key: &str| Some(format!("/v1/orders/{order}{}", key.strip_prefix("GET /v1/orders/{order_id}")?));
    wiring.routes.iter().filter_map(|route| Some((route.key.clone(), path(&route.key)?))).collect()
}

async fn cancelled(world: &mut World, customer: &str) -> Result<(), BenchError> {
    let placed = world.ask(&place(customer, SECOND, &cart())).await?;
    world.settle_unmeasured(SOON).await?;
    world.begin("Another order: asked about before it is paid, paid, then cancelled and refunded");
    let order = text_of(&placed, "/order_id")?;
    let path = |rest: &str| format!("/v1/orders/{order}{rest}");
    let (intent, confirm, cancel) = (path("/payment-intent"), path("/confirm-payment"), path("/cancel"));
    let post = |route, path| Call { token: Some(customer), ..Call::new(route, path) };
    world.call(&post("POST /v1/orders/{order_id}/payment-intent", &intent)).await?;
    pay(world, &placed).await?;
    let confirm = post("POST /v1/orders/{order_id}/confirm-payment", &confirm);
    world.call(&Call { variant: "before the webhook", ..confirm }).await?;
    world.settle(SOON).await?;
    world.call(&post("POST /v1/orders/{order_id}/cancel", &cancel)).await?;
    world.settle(SOON).await
}

/// A refund that staff ask for, and a decision about an order that was paid twice.
async fn given_back(world: &mut World, customer: &str, staff: &str) -> Result<(), BenchError> {
    let placed = world.ask(&place(customer, FOURTH, &cart())).await?;
    pay(world, &placed).await?;
    world.settle_unmeasured(SOON).await?;
    world.begin("Another order: partly refunded, then paid once more");
    let order = text_of(&placed, "/order_id")?;
    let (refunds, review) = (format!("/v1/orders/{order}/refunds"), format!("/v1/orders/{order}/resolve-review"));
    let (part, excess) =
        (json!({ "amount": 500, "reason": "requested_by_customer" }), json!({ "decision": "refund_excess" }));
    let by = |route, path| Call { token: Some(staff), ..Call::new(route, path) };
    let refund = by("POST /v1/orders/{order_id}/refunds", &refunds);
    let refund = Call { headers: REFUND, body: Some(&part), status: 201, ..refund };
    world.call(&refund).await?;
    world.settle(SOON).await?;
    world.call(&Call { variant: "repeated", ..refund }).await?;
    let (total, currency) = (json_of(&placed)["total"].to_string(), text_of(&placed, "/currency")?);
    let twice = format!("amount={total}&currency={currency}&metadata[order_id]={order}");
    world.ask_provider("/_sandbox/stripe/payment_intents", "", twice).await?;
    world.settle(SOON).await?;
    let resolve = by("POST /v1/orders/{order_id}/resolve-review", &review);
    world.call(&Call { body: Some(&excess), ..resolve }).await?;
    world.settle(SOON).await
}

/// An edit that changes the total while the order has an intent, and the expiry of an unpaid order.
async fn edited_and_not_paid(world: &mut World, customer: &str) -> Result<(), BenchError> {
    let placed = world.ask(&place(customer, FIFTH, &cart())).await?;
    world.settle_unmeasured(SOON).await?;
    world.begin("Another order: edited before it is paid, then not paid in time");
    let path = format!("/v1/orders/{}", text_of(&placed, "/order_id")?);
    let lines = json!({ "lines": [{ "sku": "product-1", "quantity": 3 }, { "sku": "product-2", "quantity": 2 }] });
    let edit = Call::new("PATCH /v1/orders/{order_id}", &path);
    world.call(&Call { token: Some(customer), body: Some(&lines), ..edit }).await?;
    world.settle(SOON).await?;
    let paying = format!("{path}/payment-intent");
    let asked = Call::new("POST /v1/orders/{order_id}/payment-intent", &paying);
    world.call(&Call { token: Some(customer), variant: "after the edit", ..asked }).await?;
    world.settle(SOON).await?;
    world.pass(TOO_LATE);
    world.run_schedule("expire-orders", "one order").await?;
    world.settle(SOON).await
}

/// An order that was placed while Stripe was down, and that Stripe then refuses for good to charge.
async fn refused(world: &mut World, customer: &str) -> Result<(), BenchError> {
    let intents = |kind| Fault::new(kind).on("POST", "/v1/payment_intents");
    world.suffers(intents(FaultKind::Unavailable));
    let placed = world.ask(&place(customer, SIXTH, &cart())).await?;
    world.settle_unmeasured(SOON).await?;
    world.begin("Another order: placed while Stripe is down, then refused by Stripe");
    world.suffers(intents(FaultKind::Invalid));
    let paying = format!("/v1/orders/{}/payment-intent", text_of(&placed, "/order_id")?);
    let asked = Call::new("POST /v1/orders/{order_id}/payment-intent", &paying);
    world.call(&Call { token: Some(customer), variant: "refused", status: 409, ..asked }).await?;
    world.recovers();
    world.settle(SOON).await
}

/// The life of an API key, and what calls with one cost.
async fn by_api_key(world: &mut World) -> Result<(), BenchError> {
    let admin = world.token(Role::Admin, None)?;
    let by = |token, route, path| Call { token: Some(token), ..Call::new(route, path) };
    world.begin("API keys");
    let body = json!({ "name": "Warehouse", "scopes": ["orders:place", "orders:read"], "expires_in_days": 14 });
    let create = Call { body: Some(&body), status: 201, ..by(&admin, "POST /v1/api-keys", "/v1/api-keys") };
    let made = world.call(&create).await?;
    world.settle(SOON).await?;
    let (key, id) = (text_of(&made, "/api_key")?, text_of(&made, "/key_id")?);
    let placed = world.call(&Call { variant: "by an API key", ..place(&key, THIRD, &cart()) }).await?;
    let order = format!("/v1/orders/{}", text_of(&placed, "/order_id")?);
    let read = by(&key, "GET /v1/orders/{order_id}", &order);
    world.call(&Call { variant: "by an API key", ..read }).await?;
    world.settle(SOON).await?;
    world.call(&by(&admin, "GET /v1/api-keys", "/v1/api-keys")).await?;
    world.run_schedules().await?;
    world.settle(SOON).await?;
    let revoke = format!("/v1/api-keys/{id}");
    world.call(&Call { status: 204, ..by(&admin, "DELETE /v1/api-keys/{key_id}", &revoke) }).await?;
    world.settle(SOON).await
}

/// The request that places an order under this key.
pub fn place<'a>(token: &'a str, key: &'a [(&'a str, &'a str)], cart: &'a Value) -> Call<'a> {
    let call = Call::new("POST /v1/orders", "/v1/orders");
    Call { token: Some(token), headers: key, body: Some(cart), status: 201, ..call }
}

/// Pays as the page in a browser does.
async fn pay(world: &World, placed: &Response<Bytes>) -> Result<(), BenchError> {
    let key = sandbox::Settings::default().stripe.publishable_key;
    let (intent, secret) = (text_of(placed, "/payment/intent_id")?, text_of(placed, "/payment/client_secret")?);
    let form = format!("client_secret={secret}&payment_method=pm_card_visa&return_url=http%3A%2F%2Fshop.test");
    let answer = world.ask_provider(&format!("/v1/payment_intents/{intent}/confirm"), &key, form).await?;
    if json_of(&answer)["status"] == "succeeded" { Ok(()) } else { Err(BenchError::Missing("the payment")) }
}

/// Two products of the catalogue.
pub fn cart() -> Value {
    json!({
        "lines": [{ "sku": "product-1", "quantity": 1 }, { "sku": "product-2", "quantity": 2 }],
        "currency": "EUR",
        "email": "anna@example.com",
        "shipping_address": {
            "name": "Anna Sample", "line1": "Münsterplatz 1", "city": "Ulm", "postal_code": "89073", "country": "DE",
        },
    })
}
