//! Everything that is tested across packages, in one binary.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod api;
mod consumers;
mod dependencies;
mod environment;
mod documents;
mod scenarios;
mod template;
