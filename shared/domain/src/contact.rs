//! Contact data of an order: shipping address and email address, bounded and checked.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

use crate::{InvalidText, check_optional_text, check_text, unless_empty};

/// The longest line of an address, in characters.
const MAX_LINE: usize = 200;
/// The longest address in bytes (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const MAX_ADDRESS: usize = 254;
/// The longest part before the `@` in bytes (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// The longest label of a domain in bytes (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// An email address, checked for its form only: only its mail server knows whether it exists. Its domain has a name,
/// which may have letters of any script (IDNA); a part before the `@` in other letters would need mail servers that
/// take SMTPUTF8 (RFC 6531). Never logged: `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, ToSchema)]
#[schema(
    value_type = String,
    pattern = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([^\x00-/:-@\[-`{-\x7f]([^\x00-,.-/:-@\[-`{-\x7f]{0,61}[^\x00-/:-@\[-`{-\x7f])?\.)+[^\x00-@\[-`{-\x7f]([^\x00-,.-/:-@\[-`{-\x7f]{0,61}[^\x00-/:-@\[-`{-\x7f])?$",
    max_length = 254,
    example = "ada@example.com"
)]
pub struct EmailAddress(String);

/// The text is not an email address that we can send to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an email address")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as mail servers know it: a domain in other letters as its A-labels (RFC 5890), `xn--…`.
    pub fn ascii(&self) -> Cow<'_, str> {
        match self.0.rsplit_once('@') {
            Some((local, domain)) if !domain.is_ascii() => match idna::domain_to_ascii_strict(domain) {
                Ok(ascii) => format!("{local}@{ascii}").into(),
                // It was converted when it was parsed.
                Err(_) => Cow::Borrowed(&self.0),
            },
            _ => Cow::Borrowed(&self.0),
        }
    }

    /// The form in which addresses are compared, with the domain in ASCII. Two people whose addresses differ in case
    /// alone are allowed (RFC 5321, 2.4), but do not occur in practice.
    pub fn lower_case(&self) -> String {
        self.ascii().to_ascii_lowercase()
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let domain = if domain.is_ascii() {
            Cow::Borrowed(domain)
        } else {
            idna::domain_to_ascii_strict(domain).map_err(|_| InvalidEmailAddress)?.into()
        };
        let is_short = local.len() + 1 + domain.len() <= MAX_ADDRESS;
        if is_short && is_local(local) && is_domain(&domain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEmailAddress)
        }
    }
}

/// A dot-string (RFC 5321, section 4.1.2); the quoted form is in no use.
fn is_local(local: &str) -> bool {
    (1..=MAX_LOCAL).contains(&local.len())
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
        && local.split('.').all(|part| !part.is_empty())
}

/// At least two labels. The last one begins with a letter, as all top-level domains do (RFC 3696, section 2), which an
/// IP address does not.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    domain.split('.').all(is_label) && top.is_some_and(|top| top.starts_with(|char: char| char.is_ascii_alphabetic()))
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A shipping address. `Debug` hides it, since it is personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The recipient's name.
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[^\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff][^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
        max_length = 200,
        min_length = 1
    )]
    pub name: String,
    /// Street and number.
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[^\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff][^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
        max_length = 200,
        min_length = 1
    )]
    pub line1: String,
    /// Additional information for the carrier.
    #[serde(default, deserialize_with = "unless_empty", skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
        max_length = 200
    )]
    pub line2: Option<String>,
    /// City.
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[^\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff][^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
        max_length = 200,
        min_length = 1
    )]
    pub city: String,
    /// State, province or county, where the country uses one.
    #[serde(default, deserialize_with = "unless_empty", skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
        max_length = 200
    )]
    pub state: Option<String>,
    /// Postal code, where the country uses one.
    #[serde(default, deserialize_with = "unless_empty", skip_serializing_if = "Option::is_none")]
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$",
        max_length = 200
    )]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    #[schema(pattern = "^[A-Z]{2}$", example = "DE")]
    pub country: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl Address {
    /// The first invalid field, and what is wrong with it.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        let required = [("name", &self.name), ("line1", &self.line1), ("city", &self.city)];
        let optional = [("line2", &self.line2), ("state", &self.state), ("postal_code", &self.postal_code)];
        let given = optional.into_iter().filter_map(|(field, text)| Some((field, text.as_ref()?)));
        let fault =
            |(field, checked): (&'static str, Result<(), InvalidText>)| Some((field, checked.err()?.to_string()));
        let required = required.into_iter().map(|(field, text)| (field, check_text(text, MAX_LINE)));
        let given = given.map(|(field, text)| (field, check_optional_text(text, MAX_LINE)));
        let is_country = self.country.len() == 2 && self.country.bytes().all(|b| b.is_ascii_uppercase());
        let country = (!is_country).then(|| ("country", "must be an ISO 3166-1 alpha-2 code such as DE".to_owned()));
        required.chain(given).find_map(fault).or(country)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_checked_for_shape() {
        let longest =
            format!("{}@{}.example.com", "a".repeat(64), ["d".repeat(58), "e".repeat(58), "f".repeat(58)].join("."));
        for good in
            ["a@b.co", "anna.b+shop@mail.example.com", "o'neil@example.ie", "a@1.2.co", "a@xn--mnchen-3ya.de", &longest]
        {
            assert_eq!(good.parse::<EmailAddress>().unwrap().as_str(), good);
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "anna",
            "@b.co",
            "a@",
            "a@b",
            "a b@c.de",
            "a@b..de",
            "a@b.de.",
            ".a@b.de",
            "a.@b.de",
            "a..b@c.de",
            "a@-b.de",
            "a@b.de\nBcc: x",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "a@example.123",
            "ä@example.com",
            &long,
            &format!("a{longest}"),
        ] {
            assert_eq!(bad.parse::<EmailAddress>(), Err(InvalidEmailAddress), "{bad:?}");
        }
    }

    #[test]
    fn a_domain_may_have_the_letters_of_any_script() {
        for (given, ascii) in [
            ("anna@münchen.de", "anna@xn--mnchen-3ya.de"),
            ("Anna@MÜNCHEN.de", "Anna@xn--mnchen-3ya.de"),
            ("anna@mu\u{308}nchen.de", "anna@xn--mnchen-3ya.de"),
            ("anna@例え.テスト", "anna@xn--r8jz45g.xn--zckzah"),
            ("anna@example.com", "anna@example.com"),
        ] {
            let address: EmailAddress = given.parse().unwrap();
            assert_eq!((address.as_str(), &*address.ascii()), (given, ascii));
            assert_eq!(address.lower_case(), ascii.to_lowercase(), "one account, however it is written");
        }
        for bad in ["anna@mün chen.de", "anna@münchen", "anna@-münchen.de", "anna@mün\u{202e}chen.de", "anna@ü.127"]
        {
            assert_eq!(bad.parse::<EmailAddress>(), Err(InvalidEmailAddress), "{bad:?}");
        }
        let long = format!("anna@{}.de", "ü".repeat(60));
        assert_eq!(long.parse::<EmailAddress>(), Err(InvalidEmailAddress), "64 bytes in ASCII");
    }

    #[test]
    fn addresses_that_differ_in_case_compare_equal() {
        assert_eq!("Anna.B@Example.com".parse::<EmailAddress>().unwrap().lower_case(), "anna.b@example.com");
    }

    #[test]
    fn an_empty_optional_line_is_none() {
        let read = |more: serde_json::Value| {
            let mut body = serde_json::json!({"name": "Anna", "line1": "Weg 1", "city": "Ulm", "country": "DE"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Address>(body).unwrap()
        };
        let plain = read(serde_json::json!({}));
        assert_eq!(read(serde_json::json!({"line2": "", "state": null, "postal_code": ""})), plain);
        assert_ne!(read(serde_json::json!({"line2": "c/o Ben"})), plain);
    }

    #[test]
    fn an_address_has_a_country_and_lines_of_a_bounded_length() {
        let address = |name: String, country: &str| Address {
            name,
            line1: "Weg 1".into(),
            line2: Some(String::new()),
            city: "Ulm".into(),
            state: None,
            postal_code: Some("89073".into()),
            country: country.into(),
        };
        assert_eq!(address("ä".repeat(200), "DE").fault(), None);
        for (name, country, field) in [
            ("ä".repeat(201), "DE", "name"),
            ("Anna\u{7}".into(), "DE", "name"),
            ("Anna\u{202e}".into(), "DE", "name"),
            ("\u{200b}".into(), "DE", "name"),
            ("Anna".into(), "de", "country"),
            ("Anna".into(), "DEU", "country"),
            ("Anna".into(), "D", "country"),
        ] {
            assert_eq!(address(name, country).fault().map(|(field, _)| field), Some(field), "{country}");
        }
    }

    #[test]
    fn personal_data_stays_out_of_debug_output() {
        let mail: EmailAddress = "anna@example.com".parse().unwrap();
        assert!(!format!("{mail:?}").contains("anna"));
    }
}
