//! Consumers and publishers that lose messages; also the helpers that replace a consumer.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use domain::{OrderEvent, OrderId};
use events::{Consumer, Failure, Visibility as _};
use futures::future::LocalBoxFuture;
use google_sheets::SheetsError;
use resilience::{Clock as _, Deadline};
use serde_json::{Value, json};
use settings::SecretError;
use store::StoreError;
use stripe::StripeError;
use suite::{CallError, ChangeStream as _, QueueMapping, Stores as _, StreamMapping};

use super::profiles::{down, unwilling};
use super::{SeededBug, with_handler};
use crate::injector::FaultProfile;
use crate::people::{BESIDE_POISON, IN_AN_OUTAGE, TWO_REFUNDS};
use crate::world::{Build, Handler, Pollers, SimulatedSuite, World};

/// The functions that consume events.
const CONSUMERS: [&str; 3] = ["send-email", "settle-payment", "sync-sheet"];

/// All of them.
pub const BUGS: [SeededBug; 10] = [
    SeededBug::new(
        "acknowledged before it is done",
        "a message is deleted when it arrives, and then worked on",
        || {
            let queue = |world, mapping| -> LocalBoxFuture<'static, ()> { Box::pin(delete_first(world, mapping)) };
            Build { pollers: Pollers { queue, ..Pollers::default() }, ..Build::default() }
        },
    ),
    SeededBug::new(
        "position before publishing",
        "the stream's position moves on before its records are published",
        || {
            let stream = |world, mapping| -> LocalBoxFuture<'static, ()> { Box::pin(move_on_first(world, mapping)) };
            Build { pollers: Pollers { stream, ..Pollers::default() }, ..Build::default() }
        },
    ),
    SeededBug::new("records that fail are left out", "a record of the stream that is not published is skipped", || {
        with_handler("order-stream", all_done("order-stream"))
    })
    .with_profile(unwilling),
    SeededBug::new("batch acknowledged as a whole", "a batch is done although some of its messages failed", || Build {
        handlers: CONSUMERS.map(|function| (function, all_done(function))).into(),
        ..Build::default()
    }),
    SeededBug::new("deduplicated before it is done", "an event's id is noted first, and then it is worked on", || {
        Build {
            handlers: CONSUMERS.map(|function| (function, choosy(function, SeenEvents::default()))).into(),
            ..Build::default()
        }
    }),
    SeededBug::new(
        "deduplicated by type",
        "an event of an order and type that came before is taken for a copy",
        || Build {
            handlers: CONSUMERS.map(|function| (function, choosy(function, Types::default()))).into(),
            ..Build::default()
        },
    )
    .in_scenario(&TWO_REFUNDS, 4),
    SeededBug::new("older events left out", "an event that a later one has overtaken is taken for obsolete", || {
        Build {
            handlers: CONSUMERS.map(|function| (function, choosy(function, Latest::default()))).into(),
            ..Build::default()
        }
    }),
    SeededBug::new("late money ignored", "only order.cancelled gives money back, not what comes afterwards", || {
        with_handler("settle-payment", choosy("settle-payment", OnlyCancelled))
    }),
    SeededBug::new("impatient", "a message that fails comes again soon, however often it has come", || Build {
        handlers: CONSUMERS.map(|function| (function, impatient(function))).into(),
        ..Build::default()
    })
    .with_profile(down)
    .in_scenario(&IN_AN_OUTAGE, 3),
    SeededBug::new("patient with poison", "a message that nobody can handle is waited for like an outage", || Build {
        handlers: CONSUMERS.map(|function| (function, patient(function))).into(),
        ..Build::default()
    })
    .with_profile(|_| FaultProfile::without_faults())
    .in_scenario(&BESIDE_POISON, 1),
];

/// Why a buggy consumer failed. Its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("no such order")]
    NoOrder,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sheet(#[from] SheetsError),
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Work on one event.
type Work = for<'a> fn(&'a SimulatedSuite, OrderEvent, Deadline) -> LocalBoxFuture<'a, Result<(), Trouble>>;

/// A function that runs this work.
pub fn consumer(function: &'static str, work: Work) -> Build {
    let handler: Handler = Rc::new(move |suite, batch, deadline| {
        Box::pin(async move {
            let batch = serde_json::from_value(batch).map_err(CallError::Event)?;
            let each = async |event: OrderEvent| work(suite, event, deadline).await;
            let queue = suite.gated_bus(function);
            let consumer = Consumer { queue: &queue, clock: suite.clock(), ids: suite.ids() };
            let response = consumer.each(deadline, batch, each, |_| Failure::Outage).await;
            serde_json::to_value(response).map_err(CallError::Result)
        })
    });
    with_handler(function, handler)
}

/// Does what the function does, and reports success for all of it.
fn all_done(function: &'static str) -> Handler {
    Rc::new(move |suite, batch, deadline| {
        Box::pin(async move {
            suite.handle(function, batch, deadline).await?;
            Ok(json!({ "batchItemFailures": [] }))
        })
    })
}

/// Does what the function does, as if each message had come for the first time.
fn impatient(function: &'static str) -> Handler {
    Rc::new(move |suite, mut batch, deadline| {
        Box::pin(async move {
            for record in batch["Records"].as_array_mut().into_iter().flatten() {
                record["attributes"]["ApproximateReceiveCount"] = json!("1");
            }
            suite.handle(function, batch, deadline).await
        })
    })
}

/// Does what the function does, and hides whatever failed for as long as it hides anything.
fn patient(function: &'static str) -> Handler {
    Rc::new(move |suite, batch, deadline| {
        Box::pin(async move {
            let receipts: BTreeMap<String, String> =
                batch["Records"].as_array().into_iter().flatten().filter_map(receipt).collect();
            let answer = suite.handle(function, batch, deadline).await?;
            let failed = answer["batchItemFailures"].as_array().into_iter().flatten();
            let failed = failed.filter_map(|failure| receipts.get(failure["itemIdentifier"].as_str()?));
            let hidden: Vec<_> = failed.map(|receipt| (receipt.clone(), Duration::from_mins(15))).collect();
            // A message that is not hidden comes again earlier.
            let _ = suite.gated_bus(function).hide(&hidden).await;
            Ok(answer)
        })
    })
}

/// A message's id and receipt.
fn receipt(record: &Value) -> Option<(String, String)> {
    Some((record["messageId"].as_str()?.to_owned(), record["receiptHandle"].as_str()?.to_owned()))
}

/// Chooses which events are handled.
trait Choice {
    fn wants(&self, event: &OrderEvent) -> bool;
}

/// Skips what the choice rejects, and otherwise does what the function does.
fn choosy(function: &'static str, choice: impl Choice + 'static) -> Handler {
    let choice = Rc::new(choice);
    Rc::new(move |suite, batch, deadline| {
        let choice = Rc::clone(&choice);
        Box::pin(async move {
            let mut failures = Vec::new();
            for record in batch["Records"].as_array().into_iter().flatten() {
                let event = record["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
                if event.is_some_and(|event| !choice.wants(&event)) {
                    continue;
                }
                let one = suite.handle(function, json!({ "Records": [record] }), deadline).await?;
                failures.extend(one["batchItemFailures"].as_array().cloned().unwrap_or_default());
            }
            Ok(json!({ "batchItemFailures": failures }))
        })
    })
}

#[derive(Default)]
struct SeenEvents(RefCell<BTreeSet<String>>);

impl Choice for SeenEvents {
    fn wants(&self, event: &OrderEvent) -> bool {
        self.0.borrow_mut().insert(event.event_id.to_string())
    }
}

/// The last event of each order and type.
#[derive(Default)]
struct Types(RefCell<BTreeMap<(OrderId, &'static str), String>>);

impl Choice for Types {
    fn wants(&self, event: &OrderEvent) -> bool {
        let id = event.event_id.to_string();
        let key = (event.order_id, event.event_type.as_str());
        // A message that comes again after a failure is handled again.
        *self.0.borrow_mut().entry(key).or_insert_with(|| id.clone()) == id
    }
}

#[derive(Default)]
struct Latest(RefCell<BTreeMap<OrderId, u64>>);

impl Choice for Latest {
    fn wants(&self, event: &OrderEvent) -> bool {
        let mut latest = self.0.borrow_mut();
        let latest = latest.entry(event.order_id).or_default();
        *latest = (*latest).max(event.order_version);
        event.order_version >= *latest
    }
}

struct OnlyCancelled;

impl Choice for OnlyCancelled {
    fn wants(&self, event: &OrderEvent) -> bool {
        event.event_type != domain::EventType::RefundDue
    }
}

async fn delete_first(world: Rc<World>, mapping: QueueMapping) {
    let bus = world.suite.bus();
    loop {
        let changed = bus.changed();
        let batch = bus.receive(&mapping.queue, mapping.batch);
        if batch.is_empty() {
            match bus.next_visible(&mapping.queue) {
                Some(moment) => world.clock.sleep(moment.since(world.clock.now()).max(Duration::from_millis(1))).await,
                None => changed.await,
            }
            continue;
        }
        let record = |message: &suite::Message| json!({ "messageId": message.id, "body": message.body });
        let records: Vec<Value> = batch.iter().map(|received| record(&received.message)).collect();
        for received in &batch {
            bus.delete(&mapping.queue, received.receipt);
        }
        // The messages are deleted, whatever the outcome.
        let _ = world.suite.call(&mapping.function, json!({ "Records": records })).await;
    }
}

async fn move_on_first(world: Rc<World>, mapping: StreamMapping) {
    let position = Cell::new(None::<String>);
    loop {
        let changed = world.store.changed();
        let after = position.take();
        let records = if mapping.table == "OrdersTable" {
            world.store.changes().read(after.as_deref(), mapping.batch).await.unwrap_or_default()
        } else {
            Vec::new()
        };
        position.set(records.last().map(|record| record.sequence.clone()).or(after));
        if records.is_empty() {
            changed.await;
            continue;
        }
        let records: Vec<Value> = records.into_iter().map(|record| record.content).collect();
        // The position has moved on, whatever the outcome.
        let _ = world.suite.call(&mapping.function, json!({ "Records": records })).await;
    }
}
