//! What is for sale.
//!
//! A module is a function; `src/bin` has its program, and the passport beside `src` says what AWS has to know of it.

pub mod list_products;
pub mod put_product;
