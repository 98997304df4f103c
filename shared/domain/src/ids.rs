//! Identifiers: newtypes with a visible prefix, parsed strictly.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// The text is not an identifier of the expected kind.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_<32 hex digits>")]
pub struct InvalidId {
    prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// An id made from randomness or from a derivation.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The id's 128 bits.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|rest| rest.len() == 32 && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                text.pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$"))).build().into()
            }
        }

        impl ToSchema for $name {}
    };
}

id!(
    /// An order: `ord_…`.
    OrderId,
    "ord"
);
id!(
    /// A customer: `cus_…`. Ours, not Stripe's customer.
    CustomerId,
    "cus"
);
id!(
    /// A staff member: `usr_…`.
    UserId,
    "usr"
);
id!(
    /// An order event: `evt_…`, derived from its order, version and index.
    EventId,
    "evt"
);

id!(
    /// A requested refund: `rfd_…`, derived from its order and the idempotency key of the request.
    RefundActionId,
    "rfd"
);

id!(
    /// A session, the family of refresh tokens of one sign-in: `ses_…`.
    SessionId,
    "ses"
);
id!(
    /// A mailed link: `lnk_…`.
    LinkId,
    "lnk"
);
id!(
    /// An API key: `key_…`.
    KeyId,
    "key"
);

impl OrderId {
    /// The id of the order that this caller places with this idempotency key: always the same.
    pub fn derived(customer: CustomerId, key: &IdempotencyKey) -> Self {
        Self(Uuid::new_v5(&customer.uuid(), key.as_str().as_bytes()))
    }
}

impl RefundActionId {
    /// The id of the refund that is requested with this idempotency key: always the same.
    pub fn derived(order: OrderId, key: &IdempotencyKey) -> Self {
        Self(Uuid::new_v5(&order.uuid(), key.as_str().as_bytes()))
    }
}

impl EventId {
    /// The id of the `index`th event of an order's version: always the same.
    pub fn derived(order: OrderId, version: u64, index: usize) -> Self {
        Self(Uuid::new_v5(&order.uuid(), format!("{version}#{index}").as_bytes()))
    }
}

/// The value of the `Idempotency-Key` header: 1 to 255 visible ASCII characters (Stripe's own limit;
/// draft-ietf-httpapi-idempotency-key-header) without a comma. API Gateway joins the values of a repeated header with
/// commas (payload format 2.0), so a key with one cannot be told from two keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The idempotency key is empty, too long, or has a comma or characters outside visible ASCII.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters, no comma, and stands in one header")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The key as the caller sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b',') {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidIdempotencyKey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_no_other_way() {
        let id = OrderId::from_uuid(Uuid::from_u128(0xabc));
        assert_eq!(id.to_string(), "ord_00000000000000000000000000000abc");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "ord_",
            "cus_00000000000000000000000000000abc",
            "ord_00000000000000000000000000000ABC",
            "ord_00000000-0000-0000-0000-000000000abc",
            "ord_00000000000000000000000000000abc ",
        ] {
            assert!(text.parse::<OrderId>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_order_id_follows_from_caller_and_key_alone() {
        let (anna, ben) = (CustomerId::from_uuid(Uuid::from_u128(1)), CustomerId::from_uuid(Uuid::from_u128(2)));
        let key: IdempotencyKey = "k-1".parse().unwrap();
        assert_eq!(OrderId::derived(anna, &key), OrderId::derived(anna, &key));
        assert_ne!(OrderId::derived(anna, &key), OrderId::derived(ben, &key));
        assert_ne!(OrderId::derived(anna, &key), OrderId::derived(anna, &"k-2".parse().unwrap()));
    }

    #[test]
    fn a_refunds_id_follows_from_order_and_key_alone() {
        let (one, other) = (OrderId::from_uuid(Uuid::from_u128(1)), OrderId::from_uuid(Uuid::from_u128(2)));
        let key: IdempotencyKey = "k-1".parse().unwrap();
        let id = RefundActionId::derived(one, &key);
        assert!(id.to_string().starts_with("rfd_"));
        assert_eq!(id, RefundActionId::derived(one, &key));
        assert_ne!(id, RefundActionId::derived(other, &key));
        assert_ne!(id, RefundActionId::derived(one, &"k-2".parse().unwrap()));
    }

    #[test]
    fn idempotency_keys_are_bounded() {
        assert!("a".repeat(255).parse::<IdempotencyKey>().is_ok());
        for key in ["", " ", "a b", "ü", "a\n", "k,k", ",", &"a".repeat(256)] {
            assert_eq!(key.parse::<IdempotencyKey>(), Err(InvalidIdempotencyKey), "{key}");
        }
    }
}
