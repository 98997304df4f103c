//! cancel-order.
