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
    /// What becomes of the stock. None leaves a known product's alone and is 0 for a new one.
    pub stock: Option<StockEdit>,
    /// Whether it can be ordered at all.
    pub active: bool,
    /// When it was said.
    pub at: Timestamp,
}

/// How many pieces can be ordered from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockEdit {
    /// So many.
    pub pieces: u32,
    /// In place of so many; none: of whatever there are. A product that is new has 0.
    pub expected: Option<u32>,
}

impl StockEdit {
    /// So many, however many there were.
    pub const fn to(pieces: u32) -> Self {
        Self { pieces, expected: None }
    }

    /// Whether it may be made where there are so many: as many as it expects, or as it would leave.
    pub(crate) fn fits(self, pieces: u32) -> bool {
        self.expected.is_none_or(|expected| pieces == expected || pieces == self.pieces)
    }
}

/// The repository of products.
pub trait Catalogue {
    /// Those of the products that exist, in any order. At most [`domain::MAX_LINES`] skus.
    async fn products(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError>;

    /// Stores a product and answers it as it is then. Orders that take from its stock meanwhile are not lost.
    /// [`StoreError::StockConflict`] when the stock is neither what the edit says that it was nor what it makes of it.
    async fn put(&self, edit: &ProductEdit) -> Result<Product, StoreError>;

    /// All products by sku.
    async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError>;
}
