//! The ledger of an order: each movement of its money once, with the id of the object that moved it. Entries never
//! change.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{KnownFacts, Money, Order, OrderId, Timestamp, TransferDirection};

string_enum! {
    /// What moved money.
    #[derive(ToSchema)]
    pub enum LedgerKind {
        /// A payment intent brought money.
        Payment = "payment",
        /// Money went back, or is on its way back.
        Refund = "refund",
        /// A refund failed or was cancelled: its money is here again.
        RefundFailed = "refund_failed",
        /// A dispute was lost.
        DisputeLost = "dispute_lost",
        /// A dispute that was lost came to another end, or cost less: its money is here again.
        DisputeReversed = "dispute_reversed",
        /// A bank transfer, in or out.
        Transfer = "transfer",
    }
}

/// A movement of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The order.
    pub order_id: OrderId,
    /// The order's version that it belongs to.
    pub order_version: u64,
    /// The index among the entries of that version, from 0.
    pub index: usize,
    /// The kind of movement.
    pub kind: LedgerKind,
    /// Stripe's id of the intent, refund or dispute, or the transfer's reference.
    pub object: String,
    /// The amount: positive when received, negative when paid out.
    pub amount: Money,
    /// When it was booked.
    pub at: Timestamp,
    /// The request or webhook that reported it.
    pub correlation_id: String,
}

/// The entries for the difference between the money of `before` and that of `after`. So the sum of all entries of an
/// order is captured − refunded − lost.
pub(crate) fn entries_between(before: &Order, after: &Order, correlation_id: &str) -> Vec<LedgerEntry> {
    let (was, is) = (balances(&before.payment.facts), balances(&after.payment.facts));
    let moved = is.into_iter().filter_map(|((kind, object), amount)| {
        let before = was.get(&(kind, object)).map_or(0, |known| known.amount);
        let moved = amount.amount.saturating_sub(before);
        (moved != 0).then(|| (kind, object, Money::new(moved, amount.currency)))
    });
    let entry = |(index, (kind, object, amount)): (usize, (LedgerKind, &str, Money))| LedgerEntry {
        order_id: after.id,
        order_version: after.version,
        index,
        kind: match kind {
            LedgerKind::Refund if amount.amount.is_positive() => LedgerKind::RefundFailed,
            LedgerKind::DisputeLost if amount.amount.is_positive() => LedgerKind::DisputeReversed,
            kind => kind,
        },
        object: object.to_owned(),
        amount,
        at: after.updated_at,
        correlation_id: correlation_id.to_owned(),
    };
    moved.enumerate().map(entry).collect()
}

/// What each object contributes to the order's balance. Objects are never forgotten; their contribution may become
/// zero.
fn balances(facts: &KnownFacts) -> BTreeMap<(LedgerKind, &str), Money> {
    let signed = |amount: Money, sign: i64| Money::new(amount.amount.saturating_mul(sign), amount.currency);
    let paid = facts.succeeded().map(|intent| ((LedgerKind::Payment, intent.id.as_str()), intent.received));
    let refunds = facts.refunds().map(|refund| {
        ((LedgerKind::Refund, refund.id.as_str()), signed(refund.amount, -i64::from(refund.status.counts())))
    });
    let lost = facts.losses().map(|(dispute, lost)| ((LedgerKind::DisputeLost, dispute.id.as_str()), signed(lost, -1)));
    let transfers = facts.transfers().map(|transfer| {
        let sign = if transfer.direction == TransferDirection::Received { 1 } else { -1 };
        ((LedgerKind::Transfer, transfer.id.as_str()), signed(transfer.amount, sign))
    });
    paid.chain(refunds).chain(lost).chain(transfers).collect()
}
