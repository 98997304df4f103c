//! Signing in with an OpenID provider: the authorization code flow with PKCE, and the verification of the ID token
//! (OpenID Connect Core 1.0; RFC 6749, 7636, 9700).
//!
//! Tokens and codes never reach a log or an error. Must not know accounts, the store, nor how a function is called.

mod addresses;
mod attempt;
mod client;
mod cookie;
mod discovery;
mod document_cache;
mod error;
mod exchange;
mod id_token;
mod keys;
mod provider;

#[cfg(test)]
mod conversation;

pub use addresses::Addresses;
pub use attempt::{Attempt, state_hash};
pub use client::OpenId;
pub use cookie::{COOKIE, FLOW_LIFETIME, cookie, no_cookie};
pub use error::OpenIdError;
pub use exchange::Exchange;
pub use provider::{Provider, Providers};
