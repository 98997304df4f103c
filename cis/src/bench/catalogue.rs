//! The public endpoints, and the catalogue.

use auth::Role;
use serde_json::{Value, json};

use super::BenchError;
use super::call::Call;
use super::world::World;

/// The catalogue's size.
const PRODUCTS: usize = 12;

/// The calls, one after the other.
pub async fn calls(world: &mut World) -> Result<(), BenchError> {
    let admin = world.token(Role::Admin, None)?;
    for n in 1..PRODUCTS {
        let path = format!("/v1/products/product-{n}");
        world.ask(&Call { status: 201, ..put(&path, &admin, &product()) }).await?;
    }
    world.begin("Catalogue, of 12 products");
    let (path, product) = (format!("/v1/products/product-{PRODUCTS}"), product());
    world.call(&Call { variant: "new", status: 201, ..put(&path, &admin, &product) }).await?;
    world.call(&Call { variant: "changed", ..put(&path, &admin, &product) }).await?;
    let list = Call::new("GET /v1/products", "/v1/products");
    world.call(&list).await?;
    world.call_at_once(&Call { variant: "again at once", ..list }).await?;

    world.begin("Public endpoints");
    for (route, path) in [
        ("GET /v1/health", "/v1/health"),
        ("GET /.well-known/jwks.json", "/.well-known/jwks.json"),
        ("GET /openapi.json", "/openapi.json"),
        ("GET /reference", "/reference"),
    ] {
        world.call(&Call::new(route, path)).await?;
    }
    world.call(&Call { status: 404, ..Call::new("$default", "/v1/nothing") }).await?;
    Ok(())
}

fn put<'a>(path: &'a str, token: &'a str, body: &'a Value) -> Call<'a> {
    Call { token: Some(token), body: Some(body), ..Call::new("PUT /v1/products/{sku}", path) }
}

fn product() -> Value {
    json!({ "name": "Earl Grey, 250 g", "prices": { "EUR": 890, "USD": 990, "JPY": 1400 }, "stock": 1000 })
}
