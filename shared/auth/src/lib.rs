//! Who is calling, and what they may do.
//!
//! [`verify`] turns a token into a [`Caller`], [`api_key`] a service's key: that is the authorizer's part. The functions
//! get the caller from the authorizer's context and ask the policy ([`may`], [`on_order`]). Tokens are made in [`mint`],
//! which no function calls but whoever signs people in. Must not know HTTP, Lambda or the store.

pub mod api_key;
mod caller;
mod context;
mod crypto;
mod keys;
mod links;
mod mac;
pub mod mint;
mod policy;
mod token;

pub use caller::{Caller, Service, Who};
pub use context::{NoCaller, refused_context};
pub use domain::{Role, UnknownRole};
pub use keys::{InvalidKeySet, PublicKeys, TokenKeys};
pub use links::LinkKeys;
pub use mac::{InvalidMacKeys, MacKeys};
pub use policy::{Access, OrderAction, Permission, may, on_order};
pub use token::{AUDIENCE, ISSUER, TokenRefused, TokenRules, verify};
