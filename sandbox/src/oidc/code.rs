//! Codes: good once, and for a minute.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Timestamp;

use super::people::Person;

/// RFC 6749, section 4.1.2, asks for ten minutes at most; real providers take less.
const LIFETIME: Duration = Duration::from_mins(1);

/// What a code stands for.
#[derive(Clone, Debug)]
pub struct Grant {
    pub client_id: String,
    pub redirect_uri: String,
    pub code_challenge: String,
    pub nonce: Option<String>,
    pub scope: String,
    pub person: Person,
}

/// The codes that were not used yet.
#[derive(Debug, Default)]
pub struct Codes(BTreeMap<String, (Grant, Timestamp)>);

impl Codes {
    /// Gives a code out.
    pub fn give(&mut self, code: String, grant: Grant, now: Timestamp) {
        self.0.retain(|_, (_, until)| now < *until);
        self.0.insert(code, (grant, now.plus(LIFETIME)));
    }

    /// Takes a code: whatever comes of it, it is not good again.
    pub fn take(&mut self, code: &str, now: Timestamp) -> Option<Grant> {
        self.0.remove(code).filter(|(_, until)| now < *until).map(|(grant, _)| grant)
    }
}
