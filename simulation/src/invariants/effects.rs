//! One mail for each event that asks for one, and one row for each order.

use std::collections::BTreeMap;

use domain::{
    EventType, MailEffect, MailEffectId, MailKind, MailSubject, Order, OrderEvent, OrderId, OrderMail, PaymentMethod,
    Recipient, Sending,
};
use google_sheets::{Cell, Row};
use serde_json::Value;
use store::SheetRow;

use super::Violation;
use crate::snapshot::Snapshot;

/// The column of the order's version; the time's column follows it.
const VERSION: usize = google_sheets::COLUMNS - 2;

/// Each event that asks for a mail got one: exactly once, unless an outcome stayed unknown, which is counted. Only a
/// mail about an order that nobody paid for may be withheld.
pub fn mails(snapshot: &Snapshot) -> Vec<Violation> {
    let known: BTreeMap<MailEffectId, &MailEffect> = snapshot.mails.iter().map(|effect| (effect.id, effect)).collect();
    let mut violations = Vec::new();
    let mut wanted = BTreeMap::new();
    for (order, events) in &snapshot.events {
        for event in events {
            let Some(kind) = MailKind::for_order_event(event.event_type) else { continue };
            let id = MailEffectId { subject: MailSubject::Order(*order), kind, event_id: event.event_id };
            wanted.insert(id.to_string(), *order);
            violations.extend(delivery(snapshot, *order, id, known.get(&id).copied()));
            let may_be_withheld = snapshot.orders.get(order).is_some_and(|order| is_unpaid(order, event));
            violations.extend(mail(snapshot, *order, id, known.get(&id).copied(), may_be_withheld));
        }
    }
    for (id, count) in &snapshot.mailbox {
        if !wanted.contains_key(id) && !is_about_an_account(id) {
            let text = format!("{count} mails {id} that nothing asked for");
            violations.push(Violation { invariant: "no mail without a reason", order: None, text });
        }
    }
    violations
}

fn is_about_an_account(id: &str) -> bool {
    id.parse().is_ok_and(|id: MailEffectId| matches!(id.subject, MailSubject::Account(_)))
}

fn is_unpaid(order: &Order, event: &OrderEvent) -> bool {
    let is_by_card = order.payment.method == PaymentMethod::Stripe;
    is_by_card && event.event_type == EventType::Cancelled && event.captured == 0
}

/// A mail to a customer goes to the order's address. Customers have no accounts here, so nobody has verified it: unless
/// money came, the mail says nothing that the customer wrote.
pub fn letters(snapshot: &Snapshot) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (id, order) in &snapshot.orders {
        let Some(contact) = order.person.contact() else { continue };
        let events = snapshot.events.get(id).into_iter().flatten();
        let mails = events.filter_map(|event| Some((event, MailKind::from(OrderMail::for_event(event.event_type)?))));
        for (event, kind) in mails {
            let effect = MailEffectId { subject: MailSubject::Order(*id), kind, event_id: event.event_id };
            let Some(letter) = snapshot.letters.get(&effect.to_string()) else { continue };
            if letter.to != [contact.email.ascii()] {
                let text = format!("mail {effect} went to {:?}, not to {}", letter.to, contact.email.ascii());
                violations.push(Violation::of("a mail goes to its order's address", *id, text));
            }
            let address = &contact.shipping_address;
            let said = [&address.name, &address.line1, &address.city].into_iter().find(|it| letter.text.contains(*it));
            if let (None, Some(said)) = (Recipient::of_order(order), said) {
                let text = format!("mail {effect} says {said}, and nobody paid");
                violations.push(Violation::of("nobody mails their own words for nothing", *id, text));
            }
        }
    }
    violations
}

fn mail(
    snapshot: &Snapshot,
    order: OrderId,
    id: MailEffectId,
    known: Option<&MailEffect>,
    may_be_withheld: bool,
) -> Option<Violation> {
    let violation = |text| Some(Violation::of("one mail for each reason", order, text));
    let Some(effect) = known else { return violation(format!("no mail {id}, not 1")) };
    let (sent, doubts) = (snapshot.mailbox.get(&id.to_string()).copied().unwrap_or_default(), effect.doubts);
    match &effect.sending {
        Sending::Sent { .. } if sent >= 1 && sent <= 1 + doubts => None,
        Sending::Refused { .. } if sent <= doubts => None,
        Sending::Withheld { .. } if sent == 0 && may_be_withheld => None,
        Sending::Sent { .. } => violation(format!("{sent} mails {id}, not 1, with {doubts} outcomes unknown")),
        Sending::Refused { .. } => violation(format!("{sent} mails {id} that were refused, not 0")),
        other => violation(format!("mail {id} did not come to an end: {other:?}")),
    }
}

/// A mail got as far as the furthest report says that SendGrid was thanked for.
fn delivery(snapshot: &Snapshot, order: OrderId, id: MailEffectId, known: Option<&MailEffect>) -> Option<Violation> {
    let reported = *snapshot.reported.get(&id.to_string())?;
    let stored = known.and_then(|effect| effect.delivery);
    let text = format!("SendGrid was thanked for the report that {id} is {reported}, and we say {stored:?}");
    (stored < Some(reported)).then(|| Violation::of("no report is lost", order, text))
}

/// The spreadsheet and the number of a row.
type Place<'a> = (&'a str, u32);

/// A row of a spreadsheet is one order's. Each order has one row in each spreadsheet that it was written to, and the row
/// that was written last shows the order.
pub fn rows(snapshot: &Snapshot) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut found: BTreeMap<OrderId, Vec<Place<'_>>> = BTreeMap::new();
    let rows = snapshot.sheets.iter().flat_map(|(id, rows)| rows.iter().map(move |(number, row)| (id, number, row)));
    for (spreadsheet, number, values) in rows {
        match values.first().and_then(Value::as_str).and_then(|id| id.parse().ok()) {
            Some(id) => found.entry(id).or_default().push((spreadsheet.as_str(), *number)),
            None if values.iter().all(is_blank) => {}
            None => {
                let text = format!("row {number} belongs to no order: {values:?}");
                violations.push(Violation { invariant: "a row is its order's", order: None, text });
            }
        }
    }
    violations.extend(shared_rows(snapshot));
    for (id, order) in &snapshot.orders {
        let (rows, given) = (found.remove(id).unwrap_or_default(), given(snapshot, *id));
        let is_there = |row: &&SheetRow| rows.contains(&(row.spreadsheet_id.as_str(), row.row));
        let is_given = |place: &Place<'_>| given.iter().any(|row| (row.spreadsheet_id.as_str(), row.row) == *place);
        let last = given.iter().filter(is_there).max_by_key(|row| row.written_version);
        let is_missing = given.iter().any(|row| row.written_version > 0 && !is_there(&row));
        if is_missing || last.is_none() || !rows.iter().all(is_given) {
            let text = format!("it stands in rows {rows:?}, and was given {given:?}");
            violations.push(Violation::of("one row an order", *id, text));
        } else if let Some(values) = last.and_then(|row| snapshot.sheets.get(&row.spreadsheet_id)?.get(&row.row)) {
            let told = snapshot.events.get(id).and_then(|events| events.last()).map_or(0, |event| event.order_version);
            let difference = difference(values, order).or_else(|| is_older(values, told));
            violations.extend(difference.map(|text| Violation::of("a row says what its order is", *id, text)));
        }
    }
    for (id, rows) in found {
        violations.push(Violation::of("a row is its order's", id, format!("rows {rows:?} of an order that is not")));
    }
    violations
}

fn given(snapshot: &Snapshot, order: OrderId) -> &[SheetRow] {
    snapshot.rows.get(&order).map(Vec::as_slice).unwrap_or_default()
}

/// Rows that were given to two orders.
fn shared_rows(snapshot: &Snapshot) -> Vec<Violation> {
    let (mut owners, mut violations) = (BTreeMap::new(), Vec::new());
    for (id, row) in snapshot.rows.iter().flat_map(|(id, rows)| rows.iter().map(move |row| (*id, row))) {
        let place: Place<'_> = (&row.spreadsheet_id, row.row);
        if let Some(other) = owners.insert(place, id) {
            violations.push(Violation::of("a row is one order's", id, format!("{place:?} is also that of {other}")));
        }
    }
    violations
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Where a row differs from its order. Version and time may be older: a change without an event changes nothing else in
/// a row.
fn difference(values: &[Value], order: &Order) -> Option<String> {
    let expected = Row::of(order);
    let differs = |(column, cell): (usize, &Cell)| {
        if column >= VERSION {
            return None;
        }
        let value = values.get(column).unwrap_or(&Value::Null);
        (!says(value, cell)).then(|| format!("column {column} says {value}, the order {cell:?}"))
    };
    expected.cells().iter().enumerate().find_map(differs)
}

/// Whether the row shows a version before that of the last event.
fn is_older(values: &[Value], told: u64) -> Option<String> {
    let shown = values.get(VERSION).and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    (shown < Some(told)).then(|| format!("the row shows version {shown:?}, the last event is of {told}"))
}

fn says(value: &Value, cell: &Cell) -> bool {
    match (cell, value) {
        (Cell::Number(number), Value::Number(value)) => value.as_f64() == Some(*number),
        (Cell::Number(number), Value::String(value)) => value.parse() == Ok(*number),
        (Cell::Text(text), Value::String(value)) => text.trim_start_matches('\'') == value.trim_start_matches('\''),
        (Cell::Text(text), Value::Null) => text.is_empty(),
        _ => false,
    }
}
