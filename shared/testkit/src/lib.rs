//! What tests of several crates share. A dev-dependency only; must not know any crate that it helps to test, else that
//! crate would meet a second copy of its own types.
#![allow(clippy::expect_used, clippy::missing_panics_doc, clippy::unwrap_used, reason = "a panic is how a test fails")]

mod following;
mod sample;
mod scripted;

pub use following::follow;
pub use sample::Sample;
pub use scripted::{ScriptedTransport, Turn};
