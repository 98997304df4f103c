//! People who signed in. Anyone may; a person is identified by the email address.

use sha2::{Digest, Sha256};

/// A person who signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The address as it was entered.
    pub email: String,
    /// Whether the provider has seen that it is this person's.
    pub email_verified: bool,
}

impl Person {
    /// `sub`: the same for the same address, in any letters, and 21 digits long as Google's are.
    pub fn subject(&self) -> String {
        let digest = Sha256::digest(self.email.to_ascii_lowercase());
        digest.iter().take(21).map(|byte| char::from(b'0' + byte % 10)).collect()
    }

    /// `name`: what stands before the address's `@`.
    pub fn name(&self) -> &str {
        self.email.split('@').next().unwrap_or_default()
    }
}
