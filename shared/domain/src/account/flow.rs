//! A sign-in with an OpenID provider that is in progress.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What is remembered between the redirect to the provider and the return. Valid once, and for a limited time. `Debug`
/// hides the secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFlow {
    /// SHA-256 in hex of the `state` parameter: the key under which it is stored.
    pub state_hash: String,
    /// The provider's name in our configuration.
    pub provider: String,
    /// The nonce that the ID token must repeat.
    pub nonce: String,
    /// PKCE's `code_verifier` (RFC 7636).
    pub code_verifier: String,
    /// The web app's path to return to.
    pub return_to: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl fmt::Debug for SignInFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInFlow").field("provider", &self.provider).finish_non_exhaustive()
    }
}
