//! list-products.
