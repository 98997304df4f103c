//! Goods that are sold twice, or never return to stock.

use std::collections::BTreeMap;
use std::rc::Rc;

use domain::{Change, EventType, OrderEvent, Product, Sku};
use serde_json::Value;
use store::{Catalogue, MemoryStore, Orders as _, PlaceOutcome, ProductEdit, Receipt, StockEdit, StoreError};

use super::profiles::deadly;
use super::{Answer, SeededBug, with};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::people::RUSH;
use crate::world::{Build, Handler, SimulatedSuite};

/// All of them.
pub const BUGS: [SeededBug; 5] = [
    SeededBug::new("stock read, then written", "what is left is counted by the buyer and written back", || {
        with(ReadThenWritten)
    }),
    SeededBug::new(
        "stock looked at, then taken",
        "whether there is enough is asked before, not while it is taken",
        || with(LookedAtThenTaken),
    )
    .in_scenario(&RUSH, 8),
    SeededBug::new("goods back before the cancel", "goods return to stock, and then the order is cancelled", || {
        with(BackFirst)
    })
    .with_profile(deadly),
    SeededBug::new("goods back after the cancel", "the order is cancelled, and then its goods return to stock", || {
        with(BackLater)
    })
    .with_profile(deadly),
    SeededBug::new(
        "goods back with each message",
        "goods return to stock with each message that the order is cancelled",
        || {
            let handler: Handler = Rc::new(|suite, batch, deadline| {
                Box::pin(async move {
                    give_back(suite, &batch).await;
                    suite.handle("settle-payment", batch, deadline).await
                })
            });
            Build { handlers: vec![("settle-payment", handler)], ..with(NeverBack) }
        },
    ),
];

type Pieces = BTreeMap<Sku, i64>;

/// The change without its stock movements.
pub fn without_goods(change: &Change) -> Change {
    Change { stock: Pieces::new(), ..change.clone() }
}

/// Writes the stock of a product.
async fn write(memory: &impl Catalogue, product: &Product, pieces: i64) -> Result<(), StoreError> {
    let edit = ProductEdit {
        sku: product.sku.clone(),
        name: product.name.clone(),
        prices: product.prices.clone(),
        stock: Some(StockEdit::to(u32::try_from(pieces).unwrap_or_default())),
        active: product.active,
        at: product.updated_at,
        by: None,
    };
    memory.put(&edit).await.map(drop)
}

async fn products(memory: &MemoryStore, moved: &Pieces) -> Result<Vec<Product>, StoreError> {
    memory.products(&moved.keys().cloned().collect::<Vec<_>>()).await
}

/// Moves stock in a write of its own.
async fn moves(memory: &MemoryStore, moved: &Pieces) -> Result<(), StoreError> {
    for product in products(memory, moved).await? {
        write(memory, &product, i64::from(product.stock) + moved[&product.sku]).await?;
    }
    Ok(())
}

/// The first product without enough stock.
fn missing(products: &[Product], moved: &Pieces) -> Option<Sku> {
    let is_missing = |product: &&Product| i64::from(product.stock) + moved[&product.sku] < 0;
    products.iter().find(is_missing).map(|product| product.sku.clone())
}

struct ReadThenWritten;

impl BuggyStore for ReadThenWritten {
    fn place<'a>(&'a self, context: &'a StoreContext, placement: &'a Change) -> Answer<'a, PlaceOutcome> {
        Box::pin(async move {
            if let Some(known) = context.memory.find(placement.order.id).await? {
                return Ok(PlaceOutcome::Existing(known));
            }
            let products = products(&context.memory, &placement.stock).await?;
            if let Some(sku) = missing(&products, &placement.stock) {
                return Ok(PlaceOutcome::OutOfStock(sku));
            }
            context.meanwhile().await;
            let placed = context.place(&without_goods(placement)).await?;
            if let PlaceOutcome::New(_) = &placed {
                for product in products {
                    let left = i64::from(product.stock) + placement.stock[&product.sku];
                    write(&context.memory, &product, left).await?;
                }
            }
            Ok(placed)
        })
    }
}

struct LookedAtThenTaken;

impl BuggyStore for LookedAtThenTaken {
    fn place<'a>(&'a self, context: &'a StoreContext, placement: &'a Change) -> Answer<'a, PlaceOutcome> {
        Box::pin(async move {
            let products = products(&context.memory, &placement.stock).await?;
            if let Some(sku) = missing(&products, &placement.stock) {
                let known = context.memory.find(placement.order.id).await?;
                return Ok(known.map_or(PlaceOutcome::OutOfStock(sku), PlaceOutcome::Existing));
            }
            context.meanwhile().await;
            let placed = context.place(&without_goods(placement)).await?;
            if let PlaceOutcome::New(_) = &placed {
                moves(&context.memory, &placement.stock).await?;
            }
            Ok(placed)
        })
    }
}

struct BackFirst;

impl BuggyStore for BackFirst {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            if change.stock.is_empty() {
                return context.save(change, receipt).await;
            }
            moves(&context.memory, &change.stock).await?;
            context.meanwhile().await;
            context.save(&without_goods(change), receipt).await
        })
    }
}

struct BackLater;

impl BuggyStore for BackLater {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            context.save(&without_goods(change), receipt).await?;
            if change.stock.is_empty() {
                return Ok(());
            }
            context.meanwhile().await;
            moves(&context.memory, &change.stock).await
        })
    }
}

struct NeverBack;

impl BuggyStore for NeverBack {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move { context.save(&without_goods(change), receipt).await })
    }
}

/// Returns the goods of every order that the batch reports as cancelled.
async fn give_back(suite: &SimulatedSuite, batch: &Value) {
    let bodies = batch["Records"].as_array().into_iter().flatten().filter_map(|record| record["body"].as_str());
    let events = bodies.filter_map(|body| serde_json::from_str::<OrderEvent>(body).ok());
    for event in events.filter(|event| event.event_type == EventType::Cancelled) {
        let memory = suite.store().memory();
        let Ok(Some(order)) = memory.find(event.order_id).await else { continue };
        let pieces = order.lines.iter().map(|line| (line.sku.clone(), i64::from(line.quantity))).collect();
        // A failure here is retried with the message.
        let _ = moves(memory, &pieces).await;
    }
}
