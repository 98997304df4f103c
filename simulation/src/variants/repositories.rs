//! Repositories that promise less.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use domain::{Change, MailEffect, Order, OrderId};
use futures::future::LocalBoxFuture;
use store::{MailEffects as _, MemoryStore, Orders as _, Receipt, RowClaim, StoreError};

use super::Variant;
use crate::shelf::NaiveStore;
use crate::world::Build;

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, StoreError>>;

fn with(store: impl NaiveStore + 'static) -> Build {
    Build { store: Some(Rc::new(store)), ..Build::default() }
}

/// Orders are written whoever was faster.
pub const NO_VERSION_CHECK: Variant =
    Variant::new("no version check", "an order is written over whatever is there", || with(NoVersionCheck));

struct NoVersionCheck;

impl NaiveStore for NoVersionCheck {
    fn save<'a>(&'a self, memory: &'a MemoryStore, change: &'a Change, receipt: Option<&'a Receipt>) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = memory.find(change.order.id).await?;
            let version = stored.map_or(change.order.version, |order| order.version + 1);
            let order = Order { version, ..change.order.clone() };
            memory.save(&Change { order, ..change.clone() }, receipt).await
        })
    }
}

/// A mail is claimed whoever has claimed it.
pub const UNCONDITIONAL_CLAIM: Variant =
    Variant::new("unconditional claim", "a mail is claimed by a plain write, whoever has claimed it", || {
        with(PlainClaim)
    });

struct PlainClaim;

impl NaiveStore for PlainClaim {
    fn save_mail<'a>(&'a self, memory: &'a MemoryStore, effect: &'a MailEffect) -> Answer<'a, ()> {
        Box::pin(async move {
            let stored = memory.mail(effect.id).await?;
            let version = stored.map_or(1, |stored| stored.version + 1);
            memory.save_mail(&MailEffect { version, ..effect.clone() }).await
        })
    }
}

/// The sheet grows by a row with each event.
pub const APPENDED_ROW: Variant =
    Variant::new("appended row", "each event's row goes below the last one", || with(Append::default()));

#[derive(Default)]
struct Append(RefCell<BTreeMap<OrderId, u32>>);

impl NaiveStore for Append {
    fn rows<'a>(&'a self, _: &'a MemoryStore, _: &'a str, orders: &'a [OrderId]) -> Answer<'a, Vec<RowClaim>> {
        Box::pin(async move {
            let mut given = self.0.borrow_mut();
            let mut last = given.values().copied().max().unwrap_or(1);
            let mut append = |order_id: &OrderId| {
                last += 1;
                given.insert(*order_id, last);
                RowClaim { order_id: *order_id, row: last }
            };
            Ok(orders.iter().map(&mut append).collect())
        })
    }
}
