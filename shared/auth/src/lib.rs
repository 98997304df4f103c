//! Authentication and authorization: the caller, and what it may do.
//!
//! The authorizer turns a token into a [`Caller`] with [`verify`], and a service's key with [`api_key`]. The functions
//! get the caller from the authorizer's context and ask the policy ([`may`], [`on_order`]). Only the functions that
//! sign people in use [`mint`], which makes tokens. Must not know HTTP, Lambda or the store.

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
