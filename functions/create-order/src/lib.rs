//! create-order.
