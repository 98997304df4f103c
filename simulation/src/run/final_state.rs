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

use crate::fixture::SPREADSHEET;
use crate::snapshot::{Letter, Snapshot, StripeSnapshot};
use crate::world::{World, products};

/// Reads the state of all parts.
pub fn read(world: &World, restless: Option<String>) -> Snapshot {
    let memory = world.store.memory();
    let mut snapshot = Snapshot {
        orders: memory.all_orders().into_iter().map(|order| (order.id, order)).collect(),
        stock_at_start: products().filter_map(|(sku, _, n)| Some((sku.parse().ok()?, i64::from(n)))).collect(),
        stripe: StripeSnapshot::read(|path| get(world, path)),
        mailbox: mailbox(world),
        reported: world.store.reports().all(),
        letters: letters(world),
        sheet: sheet(world),
        promised: world.promises.all(),
        published: Some(world.injector.published()),
        restless,
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
        let row = world.store.row_of(*id).now_or_never().and_then(Result::ok).flatten();
        snapshot.rows.extend(row.map(|row| (*id, row)));
        let ledger = memory.ledger(*id).now_or_never().and_then(Result::ok).unwrap_or_default();
        snapshot.ledger.insert(*id, ledger);
        let receipts = memory.receipts(*id).now_or_never().and_then(Result::ok).unwrap_or_default();
        snapshot.receipts.insert(*id, receipts);
    }
    let skus: Vec<Sku> = snapshot.stock_at_start.keys().cloned().collect();
    let products = memory.products(&skus).now_or_never().and_then(Result::ok).unwrap_or_default();
    snapshot.stock = products.into_iter().map(|product| (product.sku, i64::from(product.stock))).collect();
    let dead = world.suite.bus().counts().into_iter().filter(|(name, _)| name.ends_with("-dlq"));
    snapshot.dead_letters = dead.map(|(name, counts)| (name, counts.visible + counts.in_flight)).collect();
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

fn sheet(world: &World) -> BTreeMap<u32, Vec<Value>> {
    let sheet = get(world, &format!("/_sandbox/sheets/{SPREADSHEET}"));
    let rows = sheet.pointer("/tabs/0/entered").and_then(Value::as_array).cloned().unwrap_or_default();
    let numbered = rows.into_iter().zip(1..).skip(1);
    numbered.filter_map(|(row, number)| Some((number, row.as_array()?.clone()))).collect()
}
