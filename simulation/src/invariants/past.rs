//! An order is what its receipts say, no more and no less: else it could not be rebuilt from them.

use domain::{Heard, Past};

use super::Violation;
use crate::snapshot::Snapshot;

pub fn check(books: &Snapshot) -> Vec<Violation> {
    let rebuilt = |(id, order)| {
        let receipts = books.receipts.get(id).map(Vec::as_slice).unwrap_or_default();
        let heard: Vec<Heard> = receipts.iter().map(Heard::from).collect();
        let events = books.events.get(id).map(Vec::as_slice).unwrap_or_default();
        let ledger = books.ledger.get(id).map(Vec::as_slice).unwrap_or_default();
        let difference = Past { order, heard: &heard, events, ledger }.differences().into_iter().next()?;
        Some(Violation::of("an order is what it was told", *id, difference.to_string()))
    };
    books.orders.iter().filter_map(rebuilt).collect()
}
