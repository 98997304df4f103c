//! Pages of lists that grow, and the opaque cursor from one to the next.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Order, OrderId, Timestamp};

use crate::orders::{due_key, sort_key};

/// The most items on a page.
pub const MAX_PAGE: usize = 100;

/// The beginning of the next page: after the item with this sort key. Opaque to clients (base64url).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(String);

/// The text is not one of our cursors.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct InvalidCursor;

impl Cursor {
    /// The cursor after the item with this sort key.
    pub fn after(sort_key: impl Into<String>) -> Self {
        Self(sort_key.into())
    }

    /// The cursor after this order, in lists of all customers' orders.
    pub fn behind(order: &Order) -> Self {
        Self(sort_key(order))
    }

    /// The cursor after what is due about this order since then.
    pub fn of_due(id: OrderId, at: Timestamp) -> Self {
        Self(due_key(id, at))
    }

    /// The sort key that the page begins after.
    pub fn sort_key(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let sort_key = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let is_plausible = (1..=256).contains(&sort_key.len()) && sort_key.bytes().all(|b| b.is_ascii_graphic());
        if is_plausible { Ok(Self(sort_key)) } else { Err(InvalidCursor) }
    }
}

/// Which part of a list to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageRequest {
    /// The most items, 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// The item before the page; `None` for the first page.
    pub after: Option<Cursor>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The next page; `None` at the end.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The first `limit` of `items`, which must contain one more when there are more.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize, sort_key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Cursor::after(sort_key(last)));
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_the_round_trip_and_nonsense_is_refused() {
        let cursor = Cursor::after("2026-11-23T00:00:00.000Z#ord_1");
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "!", "YQ==", "AAAA", &URL_SAFE_NO_PAD.encode("a".repeat(257))] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
