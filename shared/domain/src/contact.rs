//! Contact data of an order: shipping address and email address, bounded and checked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

/// An email address, checked for its form only: only its mail server knows whether it exists. At most 254 characters
/// (RFC 5321, 4.5.3.1.3). Never logged: `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, ToSchema)]
#[schema(
    value_type = String,
    pattern = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
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

    /// The form in which addresses are compared. Two people whose addresses differ in case alone are allowed (RFC 5321,
    /// 2.4), but do not occur in practice.
    pub fn lower_case(&self) -> String {
        self.0.to_ascii_lowercase()
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
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let local_fits = (1..=64).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
            && local.split('.').all(|part| !part.is_empty());
        let host_fits = host.contains('.')
            && host.split('.').all(|label| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        if text.len() <= 254 && local_fits && host_fits { Ok(Self(text.to_owned())) } else { Err(InvalidEmailAddress) }
    }
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
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        max_length = 200,
        min_length = 1
    )]
    pub name: String,
    /// Street and number.
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        max_length = 200,
        min_length = 1
    )]
    pub line1: String,
    /// Additional information for the carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", max_length = 200)]
    pub line2: Option<String>,
    /// City.
    #[schema(
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        max_length = 200,
        min_length = 1
    )]
    pub city: String,
    /// State, province or county, where the country uses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", max_length = 200)]
    pub state: Option<String>,
    /// Postal code, where the country uses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", max_length = 200)]
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
    /// The first invalid field, with a message for the client.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let required = [("name", &self.name), ("line1", &self.line1), ("city", &self.city)];
        let optional = [("line2", &self.line2), ("state", &self.state), ("postal_code", &self.postal_code)];
        for (field, text) in required {
            if text.trim().is_empty() {
                return Some((field, "must not be empty"));
            }
        }
        let given = optional.into_iter().filter_map(|(field, text)| Some((field, text.as_ref()?)));
        for (field, text) in required.into_iter().chain(given) {
            if text.chars().count() > 200 {
                return Some((field, "must be at most 200 characters"));
            }
            if text.chars().any(char::is_control) {
                return Some((field, "must not contain control characters"));
            }
        }
        let is_country = self.country.len() == 2 && self.country.bytes().all(|b| b.is_ascii_uppercase());
        (!is_country).then_some(("country", "must be an ISO 3166-1 alpha-2 code such as DE"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_checked_for_shape() {
        for good in ["a@b.co", "anna.b+shop@mail.example.com", "o'neil@example.ie"] {
            assert_eq!(good.parse::<EmailAddress>().unwrap().as_str(), good);
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in
            ["", "anna", "@b.co", "a@", "a@b", "a b@c.de", "a@b..de", ".a@b.de", "a@-b.de", "a@b.de\nBcc: x", &long]
        {
            assert_eq!(bad.parse::<EmailAddress>(), Err(InvalidEmailAddress), "{bad:?}");
        }
    }

    #[test]
    fn addresses_that_differ_in_case_compare_equal() {
        assert_eq!("Anna.B@Example.com".parse::<EmailAddress>().unwrap().lower_case(), "anna.b@example.com");
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
