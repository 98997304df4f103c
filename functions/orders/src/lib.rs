//! Orders from their placing to their end: what customers, staff and services do with them, what happens to them by
//! itself, and the stream that tells everybody else.
//!
//! A module is a function; `src/bin` has its program, and the passport beside `src` says what AWS has to know of it.

pub mod cancel_order;
pub mod create_order;
pub mod erase_orders;
pub mod expire_orders;
pub mod fulfil_order;
pub mod get_order;
pub mod get_order_history;
pub mod list_orders;
pub mod order_stream;
mod others;
pub mod resolve_review;
pub mod update_order;
