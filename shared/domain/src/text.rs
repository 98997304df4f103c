//! Text that people type: names, lines of an address, optional fields.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use serde::de::value::{Error as ValueError, StringDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, IntoDeserializer};
use utoipa::PartialSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};

/// The zero-width joiner and non-joiner: invisible, but Persian and several Indic scripts are not spelt without them.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
/// Letters and symbols by their category that show nothing: the Hangul fillers and the empty Braille cell.
const BLANKS: [char; 5] = ['\u{115f}', '\u{1160}', '\u{2800}', '\u{3164}', '\u{ffa0}'];

/// Why a text is refused; the message is for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing in it can be seen.
    #[error("must not be empty")]
    Blank,
    /// It has more characters than this.
    #[error("must be at most {0} characters")]
    TooLong(usize),
    /// It has characters of the Unicode categories `Cc`, `Cf` (but for the joiners), `Zl` or `Zp`. Among them are line
    /// breaks, zero-width characters, and those that change the direction of what stands around them, with which a name
    /// can pass for another one.
    #[error("must not contain control or invisible characters")]
    Invisible,
}

/// Checks a text of at most `max` characters, in which something can be seen.
///
/// # Errors
///
/// [`InvalidText`].
pub fn check_text(text: &str, max: usize) -> Result<(), InvalidText> {
    if !text.chars().any(is_visible) {
        return Err(InvalidText::Blank);
    }
    check_optional_text(text, max)
}

/// As [`check_text`], for a text that may be blank.
///
/// # Errors
///
/// [`InvalidText::TooLong`] or [`InvalidText::Invisible`].
pub fn check_optional_text(text: &str, max: usize) -> Result<(), InvalidText> {
    if text.chars().count() > max {
        return Err(InvalidText::TooLong(max));
    }
    if text.chars().any(is_forbidden) { Err(InvalidText::Invisible) } else { Ok(()) }
}

/// Reads an optional field that is a text: an empty one counts as absent, since forms send their empty fields as `""`.
///
/// For `#[serde(default, deserialize_with = "domain::unless_empty")]`.
///
/// # Errors
///
/// The value is neither a string nor null, or a string that is no `T`.
pub fn unless_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let text: StringDeserializer<ValueError> = text.into_deserializer();
    T::deserialize(text).map(Some).map_err(D::Error::custom)
}

/// The schema of a field that is read by [`unless_empty`], with its description.
pub fn or_empty<T: PartialSchema>(description: &str) -> Schema {
    let empty = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([""]));
    let null = ObjectBuilder::new().schema_type(Type::Null);
    AnyOfBuilder::new().item(T::schema()).item(empty).item(null).description(Some(description)).build().into()
}

fn category(char: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(char)
}

fn is_forbidden(char: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    match category(char) {
        Format => !JOINERS.contains(&char),
        Control | LineSeparator | ParagraphSeparator => true,
        _ => false,
    }
}

fn is_visible(char: char) -> bool {
    use GeneralCategory::{
        Control, EnclosingMark, Format, LineSeparator, NonspacingMark, ParagraphSeparator, SpaceSeparator,
    };
    let shows_nothing = matches!(
        category(char),
        Control | Format | LineSeparator | ParagraphSeparator | SpaceSeparator | NonspacingMark | EnclosingMark
    );
    !shows_nothing && !BLANKS.contains(&char)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Currency;

    #[test]
    fn names_of_every_script_are_taken() {
        for text in [
            "Ada",
            "Zoë O'Neil-Müller",
            "李小龍",
            "محمد",
            "می\u{200c}خواهم",
            "ශ්\u{200d}රී",
            "👩\u{200d}🔬",
            "Nguyễn Thị",
            "A\u{301}",
        ] {
            assert_eq!(check_text(text, 20), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_shows_nothing_is_no_name() {
        for text in ["", "  ", "\u{200b}\u{200b}", "\u{a0}", "\u{200d}", "\u{3164}", "\u{2800}", "\u{301}", "\u{2028}"]
        {
            assert_eq!(check_text(text, 20), Err(InvalidText::Blank), "{text:?}");
        }
    }

    #[test]
    fn what_hides_in_a_text_is_refused() {
        for char in
            "\0\u{7}\n\u{85}\u{ad}\u{200b}\u{200e}\u{202e}\u{2066}\u{2069}\u{2028}\u{2029}\u{feff}\u{e0041}".chars()
        {
            let text = format!("Ada{char}Byron");
            assert_eq!(check_text(&text, 20), Err(InvalidText::Invisible), "{text:?}");
            assert_eq!(check_optional_text(&text, 20), Err(InvalidText::Invisible), "{text:?}");
        }
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        assert_eq!(check_text(&"ä".repeat(20), 20), Ok(()));
        assert_eq!(check_text(&"ä".repeat(21), 20), Err(InvalidText::TooLong(20)));
        assert_eq!(check_optional_text("", 20), Ok(()));
    }

    #[test]
    fn an_empty_optional_text_is_absent() {
        let read = |value: Value| unless_empty::<_, Currency>(value).map_err(|error| error.to_string());
        let eur: Currency = "eur".parse().unwrap();
        assert_eq!((read(json!("")), read(json!(null)), read(json!("EUR"))), (Ok(None), Ok(None), Ok(Some(eur))));
        assert_eq!(read(json!(" ")).unwrap_err(), "not an ISO 4217 currency:  ");
        assert!(read(json!(7)).unwrap_err().contains("expected a string"));
    }
}
