//! What the document has to hold, and that what is committed is what the code says.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod bounds;
mod examples;
mod names;
mod routes;
mod stale;
