//! Products and pages of lists as clients see them.

use std::collections::BTreeMap;

use domain::{Currency, Product, Sku, Timestamp};
use serde::Serialize;
use store::{Cursor, Page};
use utoipa::ToSchema;

/// A product.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductAnswer<'a> {
    /// The sku.
    #[schema(value_type = Sku)]
    pub sku: &'a Sku,
    /// The name.
    pub name: &'a str,
    /// The price of one piece in minor units, by currency.
    #[schema(value_type = BTreeMap<String, i64>, example = json!({"eur": 1250}))]
    pub prices: &'a BTreeMap<Currency, i64>,
    /// The stock that can still be ordered.
    #[schema(format = Int64)]
    pub stock: u32,
    /// Whether it can be ordered at all.
    pub active: bool,
    /// Counts the edits.
    #[schema(minimum = 1)]
    pub version: u64,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

impl<'a> From<&'a Product> for ProductAnswer<'a> {
    fn from(product: &'a Product) -> Self {
        Self {
            sku: &product.sku,
            name: &product.name,
            prices: &product.prices,
            stock: product.stock,
            active: product.active,
            version: product.version,
            updated_at: product.updated_at,
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub struct PageAnswer<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` at the end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> PageAnswer<T> {
    /// A page of responses from a page of values.
    pub fn new<'a, U>(page: &'a Page<U>, answer: impl Fn(&'a U) -> T) -> Self {
        Self { items: page.items.iter().map(answer).collect(), next_cursor: page.next.as_ref().map(Cursor::to_string) }
    }
}
