//! Items: our values, and beside them the keys, index attributes and the mark of the last write.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Order, OrderEvent};
use serde::{Serialize, de::DeserializeOwned};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};
use uuid::Uuid;

use super::keys::{self, Item, Key, PK, SK, text};
use crate::{Receipt, StoreError};

/// Marks the last write. A write whose condition fails finds its own mark if it had committed before and only its
/// answer was lost.
pub(crate) const WRITE_ID: &str = "write_id";
/// The field of an order that is its key.
const ID: &str = "id";
/// Holds an event's JSON, as it is published.
pub(crate) const EVENT_JSON: &str = "event";
/// Counts what was parked for an order, so that placing drains exactly what it read.
pub(crate) const REVISION: &str = "revision";

/// An item at `key` with the fields of `value`.
pub(crate) fn item(key: &Key, value: &impl Serialize) -> Result<Item, StoreError> {
    let mut item: Item = to_item(value).map_err(|_| corrupt(key))?;
    item.extend(key.attributes());
    Ok(item)
}

/// The order with its index attributes, marked with the write.
pub(crate) fn order(order: &Order, write_id: Uuid) -> Result<Item, StoreError> {
    let mut item = item(&keys::order(order.id), order)?;
    // The key has it already.
    item.remove(ID);
    item.insert(keys::STATUS_KEY.to_owned(), text(keys::status_key(order.status, keys::shard(order.id))));
    item.insert(keys::SORT_KEY.to_owned(), text(crate::orders::sort_key(order)));
    if let Some((due, _)) = order.due() {
        item.insert(keys::DUE_KEY.to_owned(), text(keys::due_key(due, keys::shard(order.id))));
    }
    if let Some(at) = crate::orders::due_at(order) {
        item.insert(keys::DUE_AT.to_owned(), text(at));
    }
    item.insert(WRITE_ID.to_owned(), mark(write_id));
    Ok(item)
}

/// Reads an order.
pub(crate) fn read_order(mut item: Item) -> Result<Order, StoreError> {
    if let Some(id) = item.get(PK).cloned() {
        item.insert(ID.to_owned(), id);
    }
    read(item)
}

/// An event: its JSON as text, so that the stream's record holds what is to be published, byte for byte.
pub(crate) fn event(key: &Key, event: &impl Serialize) -> Result<Item, StoreError> {
    let json = serde_json::to_string(event).map_err(|_| corrupt(key))?;
    let mut item = key.attributes();
    item.insert(EVENT_JSON.to_owned(), text(json));
    Ok(item)
}

/// Reads an order event.
pub(crate) fn read_event(item: &Item) -> Result<OrderEvent, StoreError> {
    let json = item.get(EVENT_JSON).and_then(|value| value.as_s().ok()).ok_or_else(|| unreadable(item))?;
    serde_json::from_str(json).map_err(|_| unreadable(item))
}

/// A receipt as one attribute's value.
pub(crate) fn receipt(receipt: &Receipt) -> Result<AttributeValue, StoreError> {
    to_item(receipt).map(AttributeValue::M).map_err(|_| corrupt(&keys::receipt(receipt.order_id, &receipt.event_id)))
}

/// Reads what an item holds.
pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    let unreadable = unreadable(&item);
    from_item(item).map_err(|_| unreadable)
}

/// The write's mark as an attribute.
pub(crate) fn mark(write_id: Uuid) -> AttributeValue {
    text(URL_SAFE_NO_PAD.encode(write_id.as_bytes()))
}

/// Whether this write left its mark on the item.
pub(crate) fn was_written_by(item: &Item, write_id: Uuid) -> bool {
    item.get(WRITE_ID) == Some(&mark(write_id))
}

/// A required text attribute.
pub(crate) fn text_of(item: &Item, name: &str) -> Result<String, StoreError> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().ok_or_else(|| unreadable(item))
}

/// A required number attribute.
pub(crate) fn number_of<N: std::str::FromStr>(item: &Item, name: &str) -> Result<N, StoreError> {
    let number = item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| unreadable(item))
}

/// An update that assigns each of an item's fields.
pub(crate) struct Assignments {
    /// The update expression.
    pub(crate) expression: String,
    /// Its placeholders of names.
    pub(crate) names: HashMap<String, String>,
    /// Its placeholders of values.
    pub(crate) values: Item,
}

impl Assignments {
    /// Assigns to each field what `value` makes of its placeholders of name and value.
    pub(crate) fn of(fields: Item, assigned: impl Fn(&str, &str) -> String) -> Self {
        let mut fields: Vec<_> = fields.into_iter().collect();
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        let assignments: Vec<_> = (0..fields.len()).map(|n| assigned(&format!("#f{n}"), &format!(":f{n}"))).collect();
        Self {
            expression: format!("SET {}", assignments.join(", ")),
            names: fields.iter().enumerate().map(|(n, (name, _))| (format!("#f{n}"), name.clone())).collect(),
            values: fields.into_iter().enumerate().map(|(n, (_, value))| (format!(":f{n}"), value)).collect(),
        }
    }
}

/// The value under this key is malformed. The error names the key and shows nothing of the content.
pub(crate) fn corrupt(key: &impl ToString) -> StoreError {
    StoreError::Corrupt(key.to_string())
}

fn unreadable(item: &Item) -> StoreError {
    let key = |name| item.get(name).and_then(|value| value.as_s().ok()).map_or("?", String::as_str);
    corrupt(&format_args!("{} {}", key(PK), key(SK)))
}
