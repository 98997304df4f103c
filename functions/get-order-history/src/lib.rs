//! get-order-history.
