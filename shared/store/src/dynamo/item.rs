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
/// Fields of an order that are part of its keys, and are stored there alone: each kilobyte of an item is a write unit.
const ID: &str = "id";
const STATUS: &str = "status";
const PLACED_AT: &str = "placed_at";
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
    // The keys have them already.
    for field in [ID, STATUS, PLACED_AT] {
        item.remove(field);
    }
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
    for (field, key) in [(ID, PK), (STATUS, keys::STATUS_KEY), (PLACED_AT, keys::SORT_KEY)] {
        if let Some(AttributeValue::S(value)) = item.get(key) {
            // Behind the mark is what spreads or orders keys that are otherwise alike.
            let value = value.split('#').next().unwrap_or_default().to_owned();
            item.insert(field.to_owned(), text(value));
        }
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

#[cfg(test)]
mod tests {
    use domain::{IntentFact, IntentStatus, PaymentFact, Timestamp};
    use testkit::Sample;
    use uuid::Uuid;

    use super::*;

    /// The bytes of a value: docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
    fn bytes(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
            AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
            AttributeValue::L(items) => 3 + items.iter().map(|item| 1 + bytes(item)).sum::<usize>(),
            AttributeValue::M(fields) => {
                3 + fields.iter().map(|(name, value)| 1 + name.len() + bytes(value)).sum::<usize>()
            }
            other => panic!("{other:?}"),
        }
    }

    fn size(order: &Order) -> usize {
        let item = super::order(order, Uuid::max()).unwrap();
        assert_eq!(read_order(item.clone()).unwrap(), *order);
        item.iter().map(|(name, value)| name.len() + bytes(value)).sum()
    }

    #[test]
    fn an_order_of_two_lines_takes_one_write_unit_until_it_is_paid() {
        let of_sku = |sku| (sku, "Earl Grey, 250 g", 2, 14_500);
        let sample =
            Sample { lines: &[of_sku("tea-earl-grey-250"), of_sku("tea-darjeeling-250")], ..Sample::default() };
        let placed = Order { correlation_id: "1b0a6f5e-52a4-4f43".to_owned(), ..sample.place().order };
        let id = "pi_3MTUgZ2eZvKYlo2C1WbWQ4vN";
        let (status, order_id) = (IntentStatus::RequiresPaymentMethod, Some(placed.id));
        let nothing = domain::Money::zero(placed.total.currency);
        let live = IntentFact {
            id: id.into(),
            status,
            seen_at: 1_790_000_001,
            created: 1_790_000_001,
            amount: placed.total,
            received: nothing,
            order_id,
        };
        let paid = IntentFact { status: IntentStatus::Succeeded, received: placed.total, ..live.clone() };
        let now = Timestamp::from_seconds(1_790_000_100);
        let waiting = placed.attach_intent(id.into(), vec![PaymentFact::PaymentIntent(live)], "c", now).unwrap().order;
        let paid = waiting.apply_facts(vec![PaymentFact::PaymentIntent(paid)], "c", now).unwrap().order;
        let sizes = [&placed, &waiting, &paid].map(size);
        assert!(sizes.iter().all(|size| *size < 1000), "{sizes:?} bytes");
    }
}
