//! A sign-in with an OpenID provider that is under way.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What has to be remembered between sending somebody to the provider and their return. Good once, and for a while.
/// `Debug` hides the secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFlow {
    /// SHA-256 in hex of the `state` parameter: the key under which it is stored.
    pub state_hash: String,
    /// Which provider, by its name in our configuration.
    pub provider: String,
    /// What the ID token has to repeat.
    pub nonce: String,
    /// PKCE's `code_verifier` (RFC 7636).
    pub code_verifier: String,
    /// Path of the web app to go to afterwards.
    pub return_to: String,
    /// When it stops being good.
    pub expires_at: Timestamp,
}

impl fmt::Debug for SignInFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInFlow").field("provider", &self.provider).finish_non_exhaustive()
    }
}
