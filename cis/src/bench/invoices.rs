//! An order on invoice: placed by a service, sent, paid by a bank transfer that staff note.

use auth::Role;
use serde_json::json;

use super::BenchError;
use super::call::{Call, text_of};
use super::orders::{SOON, cart, place};
use super::world::World;

const KEY: &[(&str, &str)] = &[("idempotency-key", "invoice")];

/// The calls, one after the other.
pub async fn calls(world: &mut World) -> Result<(), BenchError> {
    let (admin, staff) = (world.token(Role::Admin, None)?, world.token(Role::Staff, None)?);
    let service = service(world, &admin).await?;
    world.begin("An order on invoice: placed by a service, sent, then paid");
    let mut on_invoice = cart();
    on_invoice["payment_method"] = "invoice".into();
    let placed = world.call(&Call { variant: "on invoice", ..place(&service, KEY, &on_invoice) }).await?;
    world.settle(SOON).await?;
    let order = format!("/v1/orders/{}", text_of(&placed, "/order_id")?);
    let (fulfil, paid) = (format!("{order}/fulfil"), format!("{order}/mark-paid"));
    let by_staff = |route, path| Call { token: Some(&*staff), ..Call::new(route, path) };
    world.call(&by_staff("POST /v1/orders/{order_id}/fulfil", &fulfil)).await?;
    world.settle(SOON).await?;
    let transfer = json!({ "reference": "RE 2026-1142" });
    let mark_paid = by_staff("POST /v1/orders/{order_id}/mark-paid", &paid);
    world.call(&Call { body: Some(&transfer), ..mark_paid }).await?;
    world.settle(SOON).await
}

/// The API key of one that may order on invoice.
async fn service(world: &mut World, admin: &str) -> Result<String, BenchError> {
    let body = json!({ "name": "Trade", "scopes": ["orders:place", "orders:invoice"], "expires_in_days": 90 });
    let create = Call::new("POST /v1/api-keys", "/v1/api-keys");
    let made = world.ask(&Call { token: Some(admin), body: Some(&body), status: 201, ..create }).await?;
    world.settle_unmeasured(SOON).await?;
    text_of(&made, "/api_key")
}
