//! An order is exactly what its receipts say: otherwise it could not be rebuilt from them.

use domain::{OrderHistory, RecordedFacts};

use super::Violation;
use crate::snapshot::Snapshot;

pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let rebuilt = |(id, order)| {
        let receipts = snapshot.receipts.get(id).map(Vec::as_slice).unwrap_or_default();
        let recorded: Vec<RecordedFacts> = receipts.iter().map(RecordedFacts::from).collect();
        let events = snapshot.events.get(id).map(Vec::as_slice).unwrap_or_default();
        let ledger = snapshot.ledger.get(id).map(Vec::as_slice).unwrap_or_default();
        let difference =
            OrderHistory { order, recorded: &recorded, events, ledger }.differences().into_iter().next()?;
        Some(Violation::of("an order matches its receipts", *id, difference.to_string()))
    };
    snapshot.orders.iter().filter_map(rebuilt).collect()
}
