//! put-product.
