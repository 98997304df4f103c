//! A password as it was typed.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};

/// The longest password in characters; a longer one is refused unread. NIST SP 800-63B requires at least 64.
pub const MAX_LENGTH: usize = 128;

/// A typed password, right or wrong, of at most [`MAX_LENGTH`] characters. Never logged: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The error must not quote it.
        if text.chars().count() > MAX_LENGTH {
            return Err(D::Error::custom(format!("must have at most {MAX_LENGTH} characters")));
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn characters_are_counted_and_none_is_shown() {
        let read = |text: String| serde_json::from_value::<Password>(json!(text));
        assert_eq!(format!("{:?}", read("ü".repeat(MAX_LENGTH)).unwrap()), "Password(…)");
        let refused = read("secret".repeat(22)).unwrap_err().to_string();
        assert_eq!(refused, "must have at most 128 characters");
    }
}
