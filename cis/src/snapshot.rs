//! A snapshot of all records of a running stack, for the simulation's checker. It is read part by part: on a stack at
//! rest that is one state.
//!
//! What only a simulation records stays empty: promises to clients, published events, and the stock at the start.

use std::collections::BTreeMap;

use futures::{StreamExt as _, pin_mut};
use http::Method;
use serde_json::{Value, json};
use simulation::Snapshot;
use simulation::snapshot::StripeSnapshot;
use store::{DynamoEffects, MailEffects as _, SheetRows as _};

use crate::accounts::SPREADSHEET;
use crate::dead_letters::{self, DeadLettersError};
use crate::records::{Records, RecordsError};
use crate::shop::{Shop, ShopError};
use crate::stack::Stack;

/// Why the records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Our tables.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The sandbox.
    #[error(transparent)]
    Shop(#[from] ShopError),
    /// The queues.
    #[error(transparent)]
    DeadLetters(#[from] DeadLettersError),
}

/// Reads them.
///
/// # Errors
///
/// Something does not answer.
pub async fn of(stack: &Stack) -> Result<Snapshot, SnapshotError> {
    let (records, shop) = (Records::of(stack)?, Shop::new(stack)?);
    let mut snapshot = Snapshot {
        stripe: stripe(&shop).await?,
        mailbox: mailbox(&shop).await?,
        sheets: BTreeMap::from([(SPREADSHEET.to_owned(), sheet(&shop).await?)]),
        dead_letters: dead_letters::counts(stack).await?.into_iter().collect(),
        ..Snapshot::default()
    };
    orders(stack, &records, &mut snapshot).await?;
    Ok(snapshot)
}

async fn orders(stack: &Stack, records: &Records, snapshot: &mut Snapshot) -> Result<(), RecordsError> {
    let dynamodb = aws_sdk_dynamodb::Client::new(aws::Config::new(stack.aws())?.sdk());
    let effects = DynamoEffects::new(&dynamodb, &stack.tables.effects);
    let stored = records.each(records.ids().await?);
    pin_mut!(stored);
    while let Some(stored) = stored.next().await {
        let stored = stored?;
        let id = stored.order.id;
        snapshot.mails.extend(effects.mails_about(id).await?);
        snapshot.rows.insert(id, effects.rows_of(id).await?);
        snapshot.orders.insert(id, stored.order);
        snapshot.events.insert(id, stored.events);
        snapshot.ledger.insert(id, stored.ledger);
        snapshot.receipts.insert(id, stored.receipts);
    }
    Ok(())
}

async fn stripe(shop: &Shop) -> Result<StripeSnapshot, ShopError> {
    let mut lists = BTreeMap::new();
    for path in ["/v1/payment_intents", "/v1/refunds", "/v1/disputes"] {
        lists.insert(path, shop.stripes(path).await?);
    }
    Ok(StripeSnapshot::read(|query| {
        let path = query.split('?').next().unwrap_or_default();
        json!({ "data": lists.remove(path).unwrap_or_default(), "has_more": false })
    }))
}

/// Mails about orders; those about accounts belong to none.
async fn mailbox(shop: &Shop) -> Result<BTreeMap<String, u32>, ShopError> {
    let mut mails = BTreeMap::new();
    for mail in shop.mails().await? {
        let effect = mail["custom_args"]["effect_id"].as_str().unwrap_or_default().to_owned();
        if effect.starts_with("ord_") {
            *mails.entry(effect).or_default() += 1;
        }
    }
    Ok(mails)
}

async fn sheet(shop: &Shop) -> Result<BTreeMap<u32, Vec<Value>>, ShopError> {
    let sheet = shop.sandbox(Method::GET, &format!("/_sandbox/sheets/{SPREADSHEET}"), None).await?;
    let rows = sheet.pointer("/tabs/0/entered").and_then(Value::as_array).cloned().unwrap_or_default();
    let numbered = rows.into_iter().zip(1..).skip(1);
    Ok(numbered.filter_map(|(row, number)| Some((number, row.as_array()?.clone()))).collect())
}
