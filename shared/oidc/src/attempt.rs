//! One attempt to sign in, with its three random values.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use resilience::Ids;
use ring::digest;

/// The values that bind a provider's answer to its request. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Returned in the URL: this browser began the attempt.
    pub state: String,
    /// Returned in the ID token: it was issued for this attempt.
    pub nonce: String,
    /// Sent when the code is exchanged: the sender is the one who requested it (RFC 7636).
    pub code_verifier: String,
}

impl Attempt {
    /// A new attempt.
    pub fn new(ids: &impl Ids) -> Self {
        let drawn = || format!("{}{}", ids.fresh().simple(), ids.fresh().simple());
        Self { state: drawn(), nonce: drawn(), code_verifier: drawn() }
    }

    /// `code_challenge` of the method S256 (RFC 7636, section 4.2).
    pub(crate) fn code_challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.code_verifier.as_bytes()))
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt(…)")
    }
}

/// SHA-256 of a `state` in hex: the stored form.
pub fn state_hash(state: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, state.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use resilience::SeededIds;

    use super::*;

    #[test]
    fn the_rfcs_challenge_belongs_to_its_verifier() {
        let code_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let attempt = Attempt { state: String::new(), nonce: String::new(), code_verifier };
        assert_eq!(attempt.code_challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn nothing_is_drawn_twice_and_verifiers_have_the_length_of_the_rfc() {
        let ids = SeededIds::new(1);
        let attempts = [Attempt::new(&ids), Attempt::new(&ids)];
        let drawn: BTreeSet<_> = attempts.iter().flat_map(|a| [&a.state, &a.nonce, &a.code_verifier]).collect();
        assert_eq!(drawn.len(), 6);
        assert!(drawn.iter().all(|text| (43..=128).contains(&text.len())));
    }
}
