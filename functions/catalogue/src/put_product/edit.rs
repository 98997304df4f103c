//! A validated edit of a product.

use std::collections::BTreeMap;

use domain::{Actor, Currency, FieldError, Money, Sku, Timestamp, check_text};
use serde::Deserialize;
use store::{ProductEdit, StockEdit};
use stripe::to_stripe;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};

/// The longest name of a product, in characters.
pub const MAX_NAME: usize = 200;
/// The most currencies in which a product has a price.
pub const MAX_PRICES: usize = 10;

/// The body as it was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductBody {
    /// The name that customers see.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[^\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff][^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
    )]
    name: String,
    #[schema(schema_with = prices_schema)]
    prices: BTreeMap<String, i64>,
    /// The new stock; without it, the stock stays.
    #[schema(format = Int64, maximum = 4_294_967_295_i64)]
    stock: Option<u32>,
    /// The stock that the caller expects; requires `stock`. When the current stock is neither this nor already `stock`,
    /// nothing changes.
    #[schema(format = Int64, maximum = 4_294_967_295_i64)]
    expected_stock: Option<u32>,
    /// Whether it can be ordered.
    #[serde(default = "yes")]
    active: bool,
}

fn prices_schema() -> Object {
    let code = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z]{3}$"));
    let price = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    let prices = ObjectBuilder::new().property_names(Some(code)).additional_properties(Some(Schema::from(price)));
    let prices = prices.min_properties(Some(1)).max_properties(Some(MAX_PRICES));
    prices.description(Some("Price of one piece in minor units, by ISO 4217 currency.")).build()
}

const fn yes() -> bool {
    true
}

/// The sku in the path.
pub(crate) fn sku(text: Option<&str>) -> Result<Sku, FieldError> {
    text.unwrap_or_default().parse().map_err(|error: domain::InvalidSku| FieldError::new("sku", error.to_string()))
}

pub(crate) fn read(sku: Sku, body: ProductBody, at: Timestamp, by: Actor) -> Result<ProductEdit, FieldError> {
    let name = name(body.name)?;
    let prices = prices(body.prices)?;
    let stock = body.stock.map(|pieces| StockEdit { pieces, expected: body.expected_stock });
    if stock.is_none() && body.expected_stock.is_some() {
        return Err(FieldError::new("expected_stock", "requires stock"));
    }
    Ok(ProductEdit { sku, name, prices, stock, active: body.active, at, by: Some(by) })
}

fn name(name: String) -> Result<String, FieldError> {
    check_text(&name, MAX_NAME).map_err(|error| FieldError::new("name", error.to_string()))?;
    Ok(name)
}

fn prices(given: BTreeMap<String, i64>) -> Result<BTreeMap<Currency, i64>, FieldError> {
    if given.is_empty() || given.len() > MAX_PRICES {
        return Err(FieldError::new("prices", format!("must have 1 to {MAX_PRICES} currencies")));
    }
    let mut prices = BTreeMap::new();
    for (code, amount) in given {
        let currency =
            code.parse().map_err(|error: domain::UnknownCurrency| FieldError::new("prices", error.to_string()))?;
        check(Money::new(amount, currency))?;
        if prices.insert(currency, amount).is_some() {
            return Err(FieldError::new(format!("prices.{currency}"), "must not be repeated"));
        }
    }
    Ok(prices)
}

/// Stripe's minimum applies to the whole order, not to one piece.
fn check(price: Money) -> Result<(), FieldError> {
    let fault = |message: String| FieldError::new(format!("prices.{}", price.currency), message);
    if price.amount < 1 {
        return Err(fault("must be at least 1".to_owned()));
    }
    to_stripe(price).map(drop).map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: Value) -> Result<ProductEdit, String> {
        let body = serde_json::from_value(body).unwrap();
        let by = "usr_0000000000000000000000000000000b".parse().unwrap();
        super::read("MUG-1".parse().unwrap(), body, Timestamp::default(), by).map_err(|error| error.field)
    }

    fn check(pointer: &str, value: Value, fault: &str) {
        let mut body = json!({"name": "Mug", "prices": {"eur": 1250}, "stock": 3, "active": true});
        *body.pointer_mut(pointer).unwrap() = value;
        assert_eq!(read(body).unwrap_err(), fault);
    }

    #[test]
    fn stock_and_active_may_be_left_out() {
        let edit = read(json!({"name": "Mug", "prices": {"eur": 1250, "JPY": 900}})).unwrap();
        assert_eq!((edit.stock, edit.active, edit.prices.len()), (None, true, 2));
    }

    #[test]
    fn an_expected_stock_needs_a_stock() {
        let edit =
            |stock: Value| read(json!({"name": "Mug", "prices": {"eur": 1250}, "stock": stock, "expected_stock": 3}));
        assert_eq!(edit(json!(5)).map(|edit| edit.stock), Ok(Some(StockEdit { pieces: 5, expected: Some(3) })));
        assert_eq!(edit(Value::Null).unwrap_err(), "expected_stock");
    }

    #[test]
    fn every_broken_rule_names_its_field() {
        check("/name", json!(""), "name");
        check("/name", json!("  "), "name");
        check("/name", json!("a\nb"), "name");
        check("/name", json!("\u{200b}"), "name");
        check("/name", json!("a\u{202e}b"), "name");
        check("/name", json!("x".repeat(201)), "name");
        check("/prices", json!({}), "prices");
        check("/prices", json!({"euro": 1}), "prices");
        check("/prices", json!({"eur": 0}), "prices.eur");
        check("/prices", json!({"eur": -5}), "prices.eur");
        check("/prices", json!({"eur": 1, "EUR": 2}), "prices.eur");
        check("/prices", json!({"kwd": 1251}), "prices.kwd");
        check("/prices", json!({"iqd": 1000}), "prices.iqd");
        let eleven = ["eur", "usd", "gbp", "chf", "sek", "nok", "dkk", "pln", "czk", "huf", "ron"];
        check("/prices", eleven.into_iter().map(|code| (code.to_owned(), json!(1000))).collect(), "prices");
    }
}
