//! Orders that are written without a look at what is there, and events that go their own way.

use domain::{Change, Order, OrderEvent};
use store::{Orders as _, Placed, Receipt, StoreError};

use super::weathers::deadly;
use super::{Answer, Variant, idle, with};
use crate::shelf::{Desk, NaiveStore};
use crate::world::Build;

/// All of them.
pub const VARIANTS: [Variant; 4] = [
    Variant::new("no version check", "an order is written over whatever is there", || with(NoVersionCheck)),
    Variant::new("event in a second write", "the order is written, and then what tells of it", || with(TwoWrites))
        .in_weather(deadly),
    Variant::new("published by the handler", "the order is written, and then its events are published", || {
        silent(with(WrittenThenPublished))
    })
    .in_weather(deadly),
    Variant::new("published before it is written", "events are published, and then the order is written", || {
        silent(with(PublishedThenWritten))
    }),
];

/// Nothing is published from the stream.
fn silent(build: Build) -> Build {
    Build { handlers: vec![("order-stream", idle())], ..build }
}

struct NoVersionCheck;

impl NaiveStore for NoVersionCheck {
    fn save<'a>(&'a self, desk: &'a Desk, change: &'a Change, receipt: Option<&'a Receipt>) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = desk.memory.find(change.order.id).await?;
            let version = stored.map_or(change.order.version, |order| order.version + 1);
            let order = Order { version, ..change.order.clone() };
            desk.save(&Change { order, ..change.clone() }, receipt).await
        })
    }
}

struct TwoWrites;

impl TwoWrites {
    /// Writes events with the order as it is by now.
    async fn tell(desk: &Desk, events: &[OrderEvent]) -> Result<(), StoreError> {
        let Some(first) = events.first() else { return Ok(()) };
        desk.meanwhile().await;
        let Some(stored) = desk.memory.find(first.order_id).await? else { return Ok(()) };
        let order = Order { version: stored.version + 1, ..stored };
        let change = Change { order, events: events.to_vec(), ledger: Vec::new(), stock: [].into() };
        desk.save(&change, None).await
    }
}

impl NaiveStore for TwoWrites {
    fn place<'a>(&'a self, desk: &'a Desk, placement: &'a Change) -> Answer<'a, Placed> {
        Box::pin(async move {
            let placed = desk.place(&Change { events: Vec::new(), ..placement.clone() }).await?;
            if let Placed::New(_) = &placed {
                Self::tell(desk, &placement.events).await?;
            }
            Ok(placed)
        })
    }

    fn save<'a>(&'a self, desk: &'a Desk, change: &'a Change, receipt: Option<&'a Receipt>) -> Answer<'a, ()> {
        Box::pin(async move {
            desk.save(&Change { events: Vec::new(), ..change.clone() }, receipt).await?;
            Self::tell(desk, &change.events).await
        })
    }
}

struct WrittenThenPublished;

impl NaiveStore for WrittenThenPublished {
    fn place<'a>(&'a self, desk: &'a Desk, placement: &'a Change) -> Answer<'a, Placed> {
        Box::pin(async move {
            let placed = desk.place(placement).await?;
            if let Placed::New(_) = &placed {
                desk.meanwhile().await;
                desk.publish(&placement.events).await?;
            }
            Ok(placed)
        })
    }

    fn save<'a>(&'a self, desk: &'a Desk, change: &'a Change, receipt: Option<&'a Receipt>) -> Answer<'a, ()> {
        Box::pin(async move {
            desk.save(change, receipt).await?;
            desk.meanwhile().await;
            desk.publish(&change.events).await
        })
    }
}

struct PublishedThenWritten;

impl NaiveStore for PublishedThenWritten {
    fn place<'a>(&'a self, desk: &'a Desk, placement: &'a Change) -> Answer<'a, Placed> {
        Box::pin(async move {
            desk.publish(&placement.events).await?;
            desk.meanwhile().await;
            desk.place(placement).await
        })
    }

    fn save<'a>(&'a self, desk: &'a Desk, change: &'a Change, receipt: Option<&'a Receipt>) -> Answer<'a, ()> {
        Box::pin(async move {
            desk.publish(&change.events).await?;
            desk.meanwhile().await;
            desk.save(change, receipt).await
        })
    }
}
