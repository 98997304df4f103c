//! Reads the state at the end of a run.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::Sku;
use futures::FutureExt as _;
use http::Request;
use resilience::Clock as _;
use sandbox::Outcome;
use serde_json::Value;
use store::{Catalogue as _, MailEffects as _, Orders as _, SheetRows as _};

use super::rest;
use crate::fixture::{NEXT_SPREADSHEET, SPREADSHEET};
use crate::snapshot::{Letter, Snapshot, StripeSnapshot};
use crate::world::{World, products};

/// Reads the state of all parts.
pub fn read(world: &World, waiting: &rest::Quiescence) -> Snapshot {
    let memory = world.store.memory();
    let mut snapshot = Snapshot {
        orders: memory.all_orders().into_iter().map(|order| (order.id, order)).collect(),
        stock_at_start: products().filter_map(|(sku, _, n)| Some((sku.parse().ok()?, i64::from(n)))).collect(),
        stripe: StripeSnapshot::read(|path| get(world, path)),
        mailbox: mailbox(world),
        reported: world.store.reports().all(),
        letters: letters(world),
        sheets: [SPREADSHEET, NEXT_SPREADSHEET].map(|id| (id.to_owned(), sheet(world, id))).into(),
        promised: world.promises.all(),
        published: Some(world.injector.published()),
        restless: waiting.restless(),
        given_up: waiting.given_up(),
        dead_letters: rest::dead_letters(world),
        ..Snapshot::default()
    };
    for event in memory.stream_since(0).0 {
        snapshot.events.entry(event.order_id).or_default().push(event);
    }
    for events in snapshot.events.values_mut() {
        // The stream has an event twice when it was published again.
        events.sort_by_key(|event| (event.order_version, event.index));
        events.dedup_by_key(|event| event.event_id);
    }
    for id in snapshot.orders.keys() {
        // The memory store answers at once.
        snapshot.mails.extend(memory.mails_about(*id).now_or_never().and_then(Result::ok).unwrap_or_default());
        let rows = world.store.rows_of(*id).now_or_never().and_then(Result::ok).unwrap_or_default();
        snapshot.rows.insert(*id, rows);
        let ledger = memory.ledger(*id).now_or_never().and_then(Result::ok).unwrap_or_default();
        snapshot.ledger.insert(*id, ledger);
        let receipts = memory.receipts(*id).now_or_never().and_then(Result::ok).unwrap_or_default();
        snapshot.receipts.insert(*id, receipts);
    }
    let skus: Vec<Sku> = snapshot.stock_at_start.keys().cloned().collect();
    let products = memory.products(&skus).now_or_never().and_then(Result::ok).unwrap_or_default();
    snapshot.stock = products.into_iter().map(|product| (product.sku, i64::from(product.stock))).collect();
    snapshot
}

fn get(world: &World, path: &str) -> Value {
    let mut sandbox = world.sandbox.lock();
    let key = format!("Bearer {}", sandbox.settings().stripe.secret_key);
    let request = Request::get(format!("http://sandbox.test{path}")).header("authorization", key).body(Bytes::new());
    let Ok(request) = request else { return Value::Null };
    match sandbox.handle(world.clock.now(), &request) {
        Outcome::Answer { response, .. } => serde_json::from_slice(response.body()).unwrap_or_default(),
        Outcome::NoAnswer { .. } => Value::Null,
    }
}

fn mailbox(world: &World) -> BTreeMap<String, u32> {
    let mut mails = BTreeMap::new();
    for mail in world.sandbox.lock().sendgrid.mails() {
        *mails.entry(mail.custom_args.get("effect_id").cloned().unwrap_or_default()).or_default() += 1;
    }
    mails
}

fn letters(world: &World) -> BTreeMap<String, Letter> {
    let mut letters = BTreeMap::new();
    for mail in world.sandbox.lock().sendgrid.mails() {
        let to = mail.to.iter().map(|to| to.email.clone()).collect();
        let text = [&mail.text, &mail.html].into_iter().flatten().cloned().collect();
        letters.insert(mail.custom_args.get("effect_id").cloned().unwrap_or_default(), Letter { to, text });
    }
    letters
}

fn sheet(world: &World, id: &str) -> BTreeMap<u32, Vec<Value>> {
    let sheet = get(world, &format!("/_sandbox/sheets/{id}"));
    let tabs = sheet["tabs"].as_array().into_iter().flatten();
    let tab = tabs.into_iter().find(|tab| tab["properties"]["title"] == "Orders").unwrap_or(&Value::Null);
    let rows = tab["entered"].as_array().cloned().unwrap_or_default();
    let numbered = rows.into_iter().zip(1..).skip(1);
    numbered.filter_map(|(row, number)| Some((number, row.as_array()?.clone()))).collect()
}
