//! Scopes: what an API key may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

string_enum! {
    /// One thing that an API key may do; `auth`'s policy says what that is.
    #[repr(u8)]
    pub enum Scope {
        /// `orders:place`: place orders in the service's own name; see, pay and cancel those.
        OrdersPlace = "orders:place",
        /// `orders:read`: see everybody's orders.
        OrdersRead = "orders:read",
        /// `orders:cancel`: call everybody's orders off.
        OrdersCancel = "orders:cancel",
        /// `orders:invoice`: have what `orders:place` places paid by bank transfer, later.
        OrdersInvoice = "orders:invoice",
        /// `orders:fulfil`: note that everybody's orders were sent.
        OrdersFulfil = "orders:fulfil",
        /// `orders:refund`: give money back for everybody's orders.
        OrdersRefund = "orders:refund",
        /// `catalogue:write`: add and change products, their prices and stock.
        CatalogueWrite = "catalogue:write",
    }
}

impl Scope {
    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A set of scopes. Written as their words, separated by spaces (RFC 6749, section 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u32);

/// The text is not a scope.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such scope")]
pub struct UnknownScope;

impl Scopes {
    /// Whether the set contains this scope.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, always in the same order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | scope.bit()))
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::from_word(text).ok_or(UnknownScope)
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_read_as_it_is_written() {
        let all: Scopes = Scope::ALL.into_iter().collect();
        assert_eq!(all.to_string().parse(), Ok(all));
        assert_eq!(all.iter().count(), Scope::ALL.len());
        let one: Scopes = "catalogue:write".parse().unwrap();
        assert_eq!(Scope::ALL.map(|scope| one.has(scope)), [false, false, false, false, false, false, true]);
        assert_eq!("".parse(), Ok(Scopes::default()));
        assert_eq!("orders:read root".parse::<Scopes>(), Err(UnknownScope));
    }

    #[test]
    fn a_scope_that_is_named_twice_is_in_the_set_once() {
        assert_eq!("orders:read orders:read".parse(), "orders:read".parse::<Scopes>());
    }

    #[test]
    fn a_set_is_stored_as_its_words() {
        let two: Scopes = "orders:cancel orders:read".parse().unwrap();
        let stored = serde_json::to_value(two).unwrap();
        assert_eq!(stored, "orders:read orders:cancel");
        assert_eq!(serde_json::from_value::<Scopes>(stored).unwrap(), two);
        assert!(serde_json::from_value::<Scopes>("orders:read root".into()).is_err());
    }

    #[test]
    fn only_the_set_without_scopes_is_empty() {
        assert!(Scopes::default().is_empty());
        assert!(Scope::ALL.into_iter().all(|scope| !Scopes::from_iter([scope]).is_empty()));
    }
}
