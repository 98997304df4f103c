//! Orders that are written without a version check, and events that bypass the stream.

use domain::{Change, Order, OrderEvent};
use store::{Orders as _, PlaceOutcome, Receipt, StoreError};

use super::profiles::deadly;
use super::{Answer, SeededBug, with};
use crate::observed_store::{BuggyStore, StoreContext};
use crate::world::Build;

/// All of them.
pub const BUGS: [SeededBug; 4] = [
    SeededBug::new("no version check", "an order is written over whatever is there", || with(NoVersionCheck)),
    SeededBug::new("event in a second write", "the order is written, and then its events", || with(TwoWrites))
        .with_profile(deadly),
    SeededBug::new("published by the handler", "the order is written, and then its events are published", || {
        silent(with(WrittenThenPublished))
    })
    .with_profile(deadly),
    SeededBug::new("published before it is written", "events are published, and then the order is written", || {
        silent(with(PublishedThenWritten))
    }),
];

/// A stream handler that publishes nothing.
fn silent(build: Build) -> Build {
    build.without("order-stream")
}

struct NoVersionCheck;

impl BuggyStore for NoVersionCheck {
    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = context.memory.find(change.order.id).await?;
            let version = stored.map_or(change.order.version, |order| order.version + 1);
            let order = Order { version, ..change.order.clone() };
            context.save(&Change { order, ..change.clone() }, receipt).await
        })
    }
}

struct TwoWrites;

impl TwoWrites {
    /// Publishes events with the order's current state.
    async fn publish_now(context: &StoreContext, events: &[OrderEvent]) -> Result<(), StoreError> {
        let Some(first) = events.first() else { return Ok(()) };
        context.meanwhile().await;
        let Some(stored) = context.memory.find(first.order_id).await? else { return Ok(()) };
        let order = Order { version: stored.version + 1, ..stored };
        let change = Change { order, events: events.to_vec(), ledger: Vec::new(), stock: [].into() };
        context.save(&change, None).await
    }
}

impl BuggyStore for TwoWrites {
    fn place<'a>(&'a self, context: &'a StoreContext, placement: &'a Change) -> Answer<'a, PlaceOutcome> {
        Box::pin(async move {
            let placed = context.place(&Change { events: Vec::new(), ..placement.clone() }).await?;
            if let PlaceOutcome::New(_) = &placed {
                Self::publish_now(context, &placement.events).await?;
            }
            Ok(placed)
        })
    }

    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            context.save(&Change { events: Vec::new(), ..change.clone() }, receipt).await?;
            Self::publish_now(context, &change.events).await
        })
    }
}

struct WrittenThenPublished;

impl BuggyStore for WrittenThenPublished {
    fn place<'a>(&'a self, context: &'a StoreContext, placement: &'a Change) -> Answer<'a, PlaceOutcome> {
        Box::pin(async move {
            let placed = context.place(placement).await?;
            if let PlaceOutcome::New(_) = &placed {
                context.meanwhile().await;
                context.publish(&placement.events).await?;
            }
            Ok(placed)
        })
    }

    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            context.save(change, receipt).await?;
            context.meanwhile().await;
            context.publish(&change.events).await
        })
    }
}

struct PublishedThenWritten;

impl BuggyStore for PublishedThenWritten {
    fn place<'a>(&'a self, context: &'a StoreContext, placement: &'a Change) -> Answer<'a, PlaceOutcome> {
        Box::pin(async move {
            context.publish(&placement.events).await?;
            context.meanwhile().await;
            context.place(placement).await
        })
    }

    fn save<'a>(
        &'a self,
        context: &'a StoreContext,
        change: &'a Change,
        receipt: Option<&'a Receipt>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            context.publish(&change.events).await?;
            context.meanwhile().await;
            context.save(change, receipt).await
        })
    }
}
