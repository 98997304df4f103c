//! Everything that is tested across packages, in one binary.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod api;
mod consumers;
mod dependencies;
mod documents;
mod environment;
mod recipes;
mod scenarios;
mod stored_words;
mod template;
mod words;
