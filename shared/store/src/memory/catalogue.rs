//! Products in memory.

use domain::{Product, Sku};

use super::MemoryStore;
use crate::{Catalogue, Page, PageRequest, ProductEdit, StoreError};

impl Catalogue for MemoryStore {
    async fn products(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError> {
        let state = self.state.borrow();
        Ok(skus.iter().filter_map(|sku| state.products.get(sku).cloned()).collect())
    }

    async fn put(&self, edit: &ProductEdit) -> Result<Product, StoreError> {
        let mut state = self.state.borrow_mut();
        let known = state.products.get(&edit.sku);
        let before = known.map_or(0, |product| product.stock);
        if edit.stock.is_some_and(|stock| !stock.fits(before)) {
            return Err(StoreError::StockConflict(before));
        }
        let product = Product {
            sku: edit.sku.clone(),
            name: edit.name.clone(),
            prices: edit.prices.clone(),
            stock: edit.stock.map_or(before, |stock| stock.pieces),
            active: edit.active,
            version: known.map_or(1, |product| product.version + 1),
            updated_at: edit.at,
            updated_by: edit.by,
        };
        state.products.insert(edit.sku.clone(), product.clone());
        Ok(product)
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError> {
        let state = self.state.borrow();
        let after = |sku: &Sku| page.after.as_ref().is_none_or(|after| sku.as_str() > after.sort_key());
        let found = state.products.values().filter(|product| after(&product.sku)).take(page.limit + 1).cloned();
        Ok(Page::cut(found.collect(), page.limit, |product| product.sku.to_string()))
    }
}
