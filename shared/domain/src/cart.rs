//! What a customer orders, and what it costs by the catalogue.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Address, Currency, EmailAddress, Money, MoneyError, OrderLine, PaymentChoice, Product, Sku};

/// The most lines in one order: the order, its events and each line's stock go into one transaction of at most 100
/// items.
pub const MAX_LINES: usize = 50;
/// The most pieces of one product in one order.
pub const MAX_QUANTITY: u32 = 999;

/// The body of `POST /orders` as it was sent: unknown fields are refused, values are not checked yet.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartRequest {
    /// The lines; each sku once.
    #[schema(min_items = 1, max_items = 50)]
    lines: Vec<LineRequest>,
    /// ISO 4217, `eur` or `EUR`. Each product must have a price in it.
    #[schema(pattern = "^[A-Za-z]{3}$", example = "eur")]
    currency: String,
    /// The shipping address.
    shipping_address: Address,
    /// The email address for mails about the order.
    #[schema(value_type = EmailAddress)]
    email: String,
    /// The payment method; `invoice` is for services whose key has `orders:invoice`.
    #[serde(default)]
    payment_method: PaymentChoice,
}

/// A product and a quantity.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineRequest {
    /// The product.
    #[schema(value_type = Sku)]
    sku: String,
    /// The quantity.
    #[schema(minimum = 1, maximum = 999)]
    quantity: i64,
}

/// A cart whose values are all valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    /// At least one line, each sku once.
    pub lines: Vec<CartLine>,
    /// The currency to pay in.
    pub currency: Currency,
    /// The shipping address.
    pub shipping_address: Address,
    /// The email address for mails about the order.
    pub email: EmailAddress,
    /// The payment method.
    pub payment_method: PaymentChoice,
}

/// A product and a quantity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// The product.
    pub sku: Sku,
    /// 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
}

/// An invalid value: its field, and a message for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// A path such as `lines[0].quantity`.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl FieldError {
    /// An error of the field at this path.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl TryFrom<CartRequest> for Cart {
    type Error = FieldError;

    fn try_from(request: CartRequest) -> Result<Self, FieldError> {
        let lines = CartLine::read_all(&request.lines)?;
        let currency = request
            .currency
            .parse()
            .map_err(|error: crate::UnknownCurrency| FieldError::new("currency", error.to_string()))?;
        if let Some((field, message)) = request.shipping_address.fault() {
            return Err(FieldError::new(format!("shipping_address.{field}"), message));
        }
        let email = request.email.parse().map_err(|_| FieldError::new("email", "must be an email address"))?;
        let (shipping_address, payment_method) = (request.shipping_address, request.payment_method);
        Ok(Self { lines, currency, shipping_address, email, payment_method })
    }
}

impl CartLine {
    /// The lines of a body, at least one, each sku once.
    ///
    /// # Errors
    ///
    /// The first invalid line.
    pub fn read_all(requests: &[LineRequest]) -> Result<Vec<Self>, FieldError> {
        if requests.is_empty() || requests.len() > MAX_LINES {
            return Err(FieldError::new("lines", format!("must have 1 to {MAX_LINES} lines")));
        }
        let mut seen = BTreeSet::new();
        let mut lines = Vec::with_capacity(requests.len());
        for (index, line) in requests.iter().enumerate() {
            let line = Self::read(index, line)?;
            if !seen.insert(line.sku.clone()) {
                return Err(FieldError::new(format!("lines[{index}].sku"), "must not be repeated"));
            }
            lines.push(line);
        }
        Ok(lines)
    }

    fn read(index: usize, line: &LineRequest) -> Result<Self, FieldError> {
        let sku = line
            .sku
            .parse()
            .map_err(|error: crate::InvalidSku| FieldError::new(format!("lines[{index}].sku"), error.to_string()))?;
        let quantity = u32::try_from(line.quantity).ok().filter(|quantity| (1..=MAX_QUANTITY).contains(quantity));
        let quantity = quantity.ok_or_else(|| {
            FieldError::new(format!("lines[{index}].quantity"), format!("must be 1 to {MAX_QUANTITY}"))
        })?;
        Ok(Self { sku, quantity })
    }
}

/// A cart with the catalogue's names and prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedCart {
    /// The cart.
    pub cart: Cart,
    /// Its lines with name and unit price.
    pub lines: Vec<OrderLine>,
    /// The total.
    pub total: Money,
}

/// Lines with the catalogue's names and prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLines {
    /// The lines, each with name and unit price.
    pub lines: Vec<OrderLine>,
    /// The total.
    pub total: Money,
}

/// Why a cart cannot be priced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// No product with this sku is for sale.
    #[error("no such product: {sku}")]
    UnknownSku {
        /// The index of the line, from 0.
        line: usize,
        /// The requested sku.
        sku: Sku,
    },
    /// The product has no price in the cart's currency.
    #[error("{sku} is not sold in {currency}")]
    NotSoldIn {
        /// The index of the line, from 0.
        line: usize,
        /// The requested sku.
        sku: Sku,
        /// The cart's currency.
        currency: Currency,
    },
    /// The total does not fit into 64 bits.
    #[error("the total is too large")]
    TooLarge(#[from] MoneyError),
}

/// Names and prices every line from the catalogue's `products`. Prices never come from the client.
///
/// # Errors
///
/// [`PricingError`]
pub fn price_lines(lines: &[CartLine], currency: Currency, products: &[Product]) -> Result<PricedLines, PricingError> {
    let mut priced = PricedLines { lines: Vec::with_capacity(lines.len()), total: Money::zero(currency) };
    for (place, CartLine { sku, quantity }) in lines.iter().enumerate() {
        let product = products
            .iter()
            .find(|product| product.sku == *sku && product.active)
            .ok_or_else(|| PricingError::UnknownSku { line: place, sku: sku.clone() })?;
        let unit = product.prices.get(&currency);
        let unit = unit.ok_or_else(|| PricingError::NotSoldIn { line: place, sku: sku.clone(), currency })?;
        let (name, unit_price) = (product.name.clone(), Money::new(*unit, currency));
        priced.total = priced.total.plus(unit_price.times(*quantity)?)?;
        priced.lines.push(OrderLine { sku: sku.clone(), name, quantity: *quantity, unit_price });
    }
    Ok(priced)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::Timestamp;

    fn body() -> Value {
        json!({
            "lines": [{"sku": "MUG-1", "quantity": 2}],
            "currency": "eur",
            "shipping_address": {"name": "Anna", "line1": "Weg 1", "city": "Ulm", "country": "DE"},
            "email": "anna@example.com"
        })
    }

    fn read(body: Value) -> Result<Cart, String> {
        let request: CartRequest = serde_json::from_value(body).map_err(|error| error.to_string())?;
        Cart::try_from(request).map_err(|error| error.field)
    }

    fn check(pointer: &str, value: Value, fault: &str) {
        let mut body = body();
        *body.pointer_mut(pointer).unwrap() = value;
        assert_eq!(read(body).unwrap_err(), fault);
    }

    #[test]
    fn a_good_body_is_a_cart() {
        assert_eq!(read(body()).unwrap().lines[0].quantity, 2);
    }

    #[test]
    fn as_many_lines_and_pieces_as_may_be_are_taken() {
        let lines = (0..MAX_LINES).map(|n| json!({"sku": format!("A-{n}"), "quantity": MAX_QUANTITY}));
        let mut body = body();
        body["lines"] = lines.collect();
        assert_eq!(read(body).unwrap().lines.len(), MAX_LINES);
    }

    #[test]
    fn every_broken_rule_names_its_field() {
        check("/lines", json!([]), "lines");
        check("/lines", json!(vec![json!({"sku": "A", "quantity": 1}); 51]), "lines");
        check("/lines/0/sku", json!("no spaces"), "lines[0].sku");
        check("/lines/0/quantity", json!(0), "lines[0].quantity");
        check("/lines/0/quantity", json!(-1), "lines[0].quantity");
        check("/lines/0/quantity", json!(1000), "lines[0].quantity");
        check("/lines/0/quantity", json!(i64::MAX), "lines[0].quantity");
        check("/lines", json!([{"sku": "A", "quantity": 1}, {"sku": "A", "quantity": 2}]), "lines[1].sku");
        check("/currency", json!("euro"), "currency");
        check("/shipping_address/country", json!("Germany"), "shipping_address.country");
        check("/shipping_address/name", json!(" "), "shipping_address.name");
        check("/email", json!("anna"), "email");
    }

    #[test]
    fn what_a_client_may_not_set_is_refused() {
        for pointer in ["", "/lines/0", "/shipping_address"] {
            let mut body = body();
            body.pointer_mut(pointer).unwrap()["price"] = json!(1);
            assert!(read(body).unwrap_err().contains("unknown field `price`"), "{pointer}");
        }
    }

    fn price(cart: &Cart, products: &[Product]) -> Result<PricedLines, PricingError> {
        price_lines(&cart.lines, cart.currency, products)
    }

    fn product(sku: &str, price: i64) -> Product {
        Product {
            sku: sku.parse().unwrap(),
            name: sku.to_owned(),
            prices: [("eur".parse().unwrap(), price)].into(),
            stock: 10,
            active: true,
            version: 1,
            updated_at: Timestamp::default(),
            updated_by: None,
        }
    }

    #[test]
    fn only_active_products_with_a_price_in_the_currency_are_sold() {
        let cart = read(body()).unwrap();
        assert_eq!(price(&cart, &[product("MUG-1", 1250)]).unwrap().total.amount, 2500);
        let gone = Product { active: false, ..product("MUG-1", 1250) };
        for products in [vec![], vec![product("CUP", 1)], vec![gone]] {
            assert!(matches!(price(&cart, &products), Err(PricingError::UnknownSku { line: 0, .. })));
        }
        let dollars = Cart { currency: "usd".parse().unwrap(), ..cart };
        assert!(matches!(price(&dollars, &[product("MUG-1", 1250)]), Err(PricingError::NotSoldIn { line: 0, .. })));
    }

    proptest! {
        #[test]
        fn totals_lose_no_unit_and_never_wrap(rows in prop::collection::vec((0..=i64::MAX, 1..=MAX_QUANTITY), 1..=MAX_LINES)) {
            let sku = |place: usize| format!("SKU-{place}");
            let products: Vec<_> = rows.iter().enumerate().map(|(place, row)| product(&sku(place), row.0)).collect();
            let lines = rows.iter().enumerate().map(|(place, row)| CartLine { sku: sku(place).parse().unwrap(), quantity: row.1 });
            let cart = Cart { lines: lines.collect(), ..read(body()).unwrap() };
            let exact: i128 = rows.iter().map(|row| i128::from(row.0) * i128::from(row.1)).sum();
            match price(&cart, &products) {
                Ok(priced) => prop_assert_eq!(i128::from(priced.total.amount), exact),
                Err(error) => {
                    prop_assert_eq!(error, PricingError::TooLarge(MoneyError::Overflow));
                    prop_assert!(exact > i128::from(i64::MAX));
                }
            }
        }
    }
}
