//! A password as it was typed.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Deserializer, de::Error as _};

/// The longest password in characters; a longer one is refused unread. NIST SP 800-63B requires at least 64.
pub const MAX_LENGTH: usize = 128;

/// A typed password, right or wrong, of at most [`MAX_LENGTH`] characters. Never logged: `Debug` hides it.
///
/// It is stored and compared in one form, whatever keyboard or system it is typed on (RFC 8265, section 4.2.2,
/// `OpaqueString`): every space is U+0020, and the rest is in Normalization Form C.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    prepared: String,
    /// As it was typed, if that is another text.
    typed: Option<String>,
}

impl Password {
    /// The one form.
    pub(crate) fn as_str(&self) -> &str {
        &self.prepared
    }

    /// As it was typed, if that is not the one form: hashes used to be made of this.
    pub(crate) fn as_typed(&self) -> Option<&str> {
        self.typed.as_deref()
    }
}

/// Only the spaces of the category `Zs`: the others are control characters.
fn prepared(text: &str) -> String {
    let is_space = |char: char| char.is_whitespace() && !char.is_control() && !matches!(char, '\u{2028}' | '\u{2029}');
    let spaced: String = text.chars().map(|char| if is_space(char) { ' ' } else { char }).collect();
    ComposingNormalizerBorrowed::new_nfc().normalize(&spaced).into_owned()
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The error must not quote it.
        if text.chars().count() > MAX_LENGTH {
            return Err(D::Error::custom(format!("must have at most {MAX_LENGTH} characters")));
        }
        let prepared = prepared(&text);
        let typed = (prepared != text).then_some(text);
        Ok(Self { prepared, typed })
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

    /// The examples of RFC 8265, section 4.3, table 4, and letters that have two forms.
    #[test]
    fn a_password_has_one_form() {
        for (typed, form) in [
            ("correct horse battery staple", "correct horse battery staple"),
            ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
            ("πßå", "πßå"),
            ("Jack of ♦s", "Jack of ♦s"),
            ("foo\u{1680}bar", "foo bar"),
            ("foo\u{a0}bar\u{3000}", "foo bar "),
            ("scho\u{308}ne tage", "schöne tage"),
            ("\u{212b}ngstro\u{308}m", "Ångström"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("ﬁsh", "ﬁsh"),
            ("tab\there", "tab\there"),
        ] {
            let password: Password = serde_json::from_value(json!(typed)).unwrap();
            assert_eq!((password.as_str(), password.as_typed()), (form, (typed != form).then_some(typed)));
        }
    }

    #[test]
    fn characters_are_counted_and_none_is_shown() {
        let read = |text: String| serde_json::from_value::<Password>(json!(text));
        assert_eq!(format!("{:?}", read("ü".repeat(MAX_LENGTH)).unwrap()), "Password(…)");
        let refused = read("secret".repeat(22)).unwrap_err().to_string();
        assert_eq!(refused, "must have at most 128 characters");
    }
}
