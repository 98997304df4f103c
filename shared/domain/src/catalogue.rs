//! The catalogue: products with a price per currency and a stock.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

use crate::{Actor, Currency, Timestamp};

/// A stock-keeping unit's code: 1 to 64 letters, digits, `.`, `_` or `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,64}$", max_length = 64, example = "mug-blue")]
pub struct Sku(String);

/// The text is not a sku.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sku has 1 to 64 letters, digits, dots, dashes or underscores")]
pub struct InvalidSku;

impl Sku {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = InvalidSku;

    fn from_str(text: &str) -> Result<Self, InvalidSku> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidSku) }
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Sku {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sku {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A product as the catalogue holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its code, which never changes.
    pub sku: Sku,
    /// The name that customers see.
    pub name: String,
    /// The price of one piece in minor units, in each currency in which it is sold.
    pub prices: BTreeMap<Currency, i64>,
    /// The pieces in stock that can still be ordered; never negative.
    pub stock: u32,
    /// Whether it can be ordered at all.
    pub active: bool,
    /// Counts the edits of name, prices and `active`; stock movements of orders don't count.
    pub version: u64,
    /// When it was last edited.
    pub updated_at: Timestamp,
    /// Who edited it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<Actor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_a_short_code_and_is_shown_as_it_was_written() {
        let longest = "x".repeat(64);
        for good in ["mug-blue", "A.1_b", &longest] {
            let sku: Sku = good.parse().unwrap();
            assert_eq!((sku.as_str(), sku.to_string().as_str()), (good, good));
            assert_eq!(serde_json::to_value(&sku).unwrap(), good);
        }
        for bad in ["", "mug blue", "mug/blue", "müg", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Sku>(), Err(InvalidSku), "{bad:?}");
            assert!(serde_json::from_value::<Sku>(bad.into()).is_err());
        }
    }
}
