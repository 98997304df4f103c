//! What an order is and what may happen to it: money, cart, order, status machine, payment facts, events.
//!
//! Pure: no I/O, no clock, no randomness, no AWS. Whatever comes from outside arrives as an argument.

mod timestamp;

pub use timestamp::{InvalidTimestamp, Timestamp};
