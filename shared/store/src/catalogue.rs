//! The repository of products.

use std::collections::BTreeMap;

use domain::{Actor, Currency, Product, Sku, Timestamp};

use crate::{Page, PageRequest, StoreError};

/// An edit of a product by staff; it replaces all of the former values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductEdit {
    /// The product.
    pub sku: Sku,
    /// The name that customers see.
    pub name: String,
    /// The price of one piece in minor units, by currency.
    pub prices: BTreeMap<Currency, i64>,
    /// The new stock. `None` leaves a known product's stock alone and is 0 for a new product.
    pub stock: Option<StockEdit>,
    /// Whether it can be ordered at all.
    pub active: bool,
    /// When it was edited.
    pub at: Timestamp,
    /// Who edited it; `None` for the shop's own programs.
    pub by: Option<Actor>,
}

/// A new stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockEdit {
    /// The new quantity.
    pub pieces: u32,
    /// The quantity that it replaces; `None` replaces any. A new product has 0.
    pub expected: Option<u32>,
}

impl StockEdit {
    /// Sets the stock, whatever it was.
    pub const fn to(pieces: u32) -> Self {
        Self { pieces, expected: None }
    }

    /// Whether it applies to this stock: the expected one, or the one that it would set.
    pub(crate) fn fits(self, pieces: u32) -> bool {
        self.expected.is_none_or(|expected| pieces == expected || pieces == self.pieces)
    }
}

/// The repository of products.
pub trait Catalogue {
    /// The existing ones of these products, in any order. At most [`domain::MAX_LINES`] skus.
    async fn products(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError>;

    /// Stores a product and returns it as it is then. Concurrent orders that take from its stock are not lost.
    /// [`StoreError::StockConflict`] when the stock is neither the expected one nor the one that the edit sets.
    async fn put(&self, edit: &ProductEdit) -> Result<Product, StoreError>;

    /// All products by sku.
    async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError>;
}
