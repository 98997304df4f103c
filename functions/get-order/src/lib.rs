//! get-order.
