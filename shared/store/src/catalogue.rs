//! Products.

use std::collections::BTreeMap;

use domain::{Currency, Product, Sku, Timestamp};

use crate::{Page, PageRequest, StoreError};

/// What staff say of a product; it replaces what was said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductEdit {
    /// Which one.
    pub sku: Sku,
    /// What customers read.
    pub name: String,
    /// Price of one piece in minor units, by currency.
    pub prices: BTreeMap<Currency, i64>,
    /// Pieces that can be ordered from now on. None leaves a known product's stock alone and is 0 for a new one.
    pub stock: Option<u32>,
    /// The stock that the new one takes the place of; none: whatever it is. A product that is new has 0.
    pub stock_was: Option<u32>,
    /// Whether it can be ordered at all.
    pub active: bool,
    /// When it was said.
    pub at: Timestamp,
}

/// The repository of products.
pub trait Catalogue {
    /// Those of the products that exist, in any order. At most [`domain::MAX_LINES`] skus.
    async fn products(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError>;

    /// Stores a product and answers it as it is then. Orders that take from its stock meanwhile are not lost.
    /// [`StoreError::StockDiffers`] when the stock is neither what the edit says that it was nor what it makes of it.
    async fn put(&self, edit: &ProductEdit) -> Result<Product, StoreError>;

    /// All products by sku.
    async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError>;
}
