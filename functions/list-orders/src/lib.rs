//! list-orders.
