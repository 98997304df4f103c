//! Who made a change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::{CustomerId, InvalidId, KeyId, UserId};

/// The person or service that made a change, by id: `cus_…`, `usr_…`, or `key_…` for a service. What follows from a
/// provider's word or happens by itself has no actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A customer.
    Customer(CustomerId),
    /// A staff member.
    User(UserId),
    /// A service, by its API key.
    Service(KeyId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
            Self::Service(id) => id.fmt(f),
        }
    }
}

impl FromStr for Actor {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('_') {
            Some(("usr", _)) => text.parse().map(Self::User),
            Some(("key", _)) => text.parse().map(Self::Service),
            _ => text.parse().map(Self::Customer),
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Actor {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(cus|usr|key)_[0-9a-f]{32}$"));
        text.description(Some("A customer, a staff member or a service's API key, by id.")).build().into()
    }
}

impl ToSchema for Actor {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read_as_it_is_written() {
        for kind in ["cus", "usr", "key"] {
            let text = format!("{kind}_00000000000000000000000000000abc");
            let actor: Actor = text.parse().unwrap();
            assert_eq!(actor.to_string(), text);
            assert_eq!(serde_json::to_value(actor).unwrap(), text);
        }
        for text in ["", "usr_", "ord_00000000000000000000000000000abc"] {
            assert!(text.parse::<Actor>().is_err(), "{text}");
        }
    }
}
