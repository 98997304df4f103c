//! order-stream.
