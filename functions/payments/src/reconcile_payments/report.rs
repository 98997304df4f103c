//! What a pass finds, as a value that each caller reports in its own way.

use std::collections::BTreeMap;
use std::fmt;

use domain::OrderId;
use serde::Serialize;

/// How our records and Stripe's differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Stripe received the payment, and the order does not have it.
    MissedPayment,
    /// Stripe requests or received another amount or currency than the order's total, and the order does not have it.
    DifferingAmount,
    /// An intent has another status at Stripe: started, cancelled, processing.
    MissedStatus,
    /// Stripe made a refund, or a refund has another status, and the order does not have it.
    MissedRefund,
    /// A dispute was opened or decided, and the order does not have it.
    MissedDispute,
    /// Stripe received money for an unknown order of ours.
    MoneyWithoutOrder,
    /// The order has a payment that Stripe does not have.
    MoneyMissing,
    /// The order waits for an intent that Stripe does not know, so it cannot be paid.
    UnknownIntent,
    /// An intent can still be paid although it should not be: the order is cancelled, or has another one.
    LiveIntent,
    /// A refund is due, and not on its way.
    UnsettledMoney,
    /// This version cannot parse Stripe's object.
    Unreadable,
    /// The stored order cannot be read, or the table refuses to write it.
    UnusableOrder,
}

impl Kind {
    /// For display: `missed payment`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissedPayment => "missed payment",
            Self::DifferingAmount => "differing amount",
            Self::MissedStatus => "missed status",
            Self::MissedRefund => "missed refund",
            Self::MissedDispute => "missed dispute",
            Self::MoneyWithoutOrder => "money without order",
            Self::MoneyMissing => "money missing",
            Self::UnknownIntent => "unknown intent",
            Self::LiveIntent => "live intent",
            Self::UnsettledMoney => "unsettled money",
            Self::Unreadable => "unreadable",
            Self::UnusableOrder => "unusable order",
        }
    }

    /// The metric that counts it.
    pub(crate) const fn metric(self) -> &'static str {
        match self {
            Self::MissedPayment => "Differences.MissedPayment",
            Self::DifferingAmount => "Differences.DifferingAmount",
            Self::MissedStatus => "Differences.MissedStatus",
            Self::MissedRefund => "Differences.MissedRefund",
            Self::MissedDispute => "Differences.MissedDispute",
            Self::MoneyWithoutOrder => "Differences.MoneyWithoutOrder",
            Self::MoneyMissing => "Differences.MoneyMissing",
            Self::UnknownIntent => "Differences.UnknownIntent",
            Self::LiveIntent => "Differences.LiveIntent",
            Self::UnsettledMoney => "Differences.UnsettledMoney",
            Self::Unreadable => "Differences.Unreadable",
            Self::UnusableOrder => "Differences.UnusableOrder",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The outcome of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is healed.
    Healed,
    /// Its event was published once more, for the function that has to act.
    HandedOn,
    /// It remains: a dry run, or staff must act.
    Left,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Healed => "healed",
            Self::HandedOn => "handed on",
            Self::Left => "left",
        })
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Which kind.
    pub kind: Kind,
    /// The order, if one is named.
    pub order_id: Option<OrderId>,
    /// Stripe's id of the object; empty when it is not about one.
    pub object: String,
    /// Our state.
    pub ours: String,
    /// Stripe's state.
    pub stripes: String,
    /// The outcome.
    pub outcome: Outcome,
}

/// How many objects were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ComparisonCounts {
    /// Payment intents of Stripe's.
    pub intents: u32,
    /// Refunds of Stripe's.
    pub refunds: u32,
    /// Disputes of Stripe's.
    pub disputes: u32,
    /// Events of Stripe's about what is older than the window.
    pub events: u32,
    /// Orders of ours.
    pub orders: u32,
    /// Objects of Stripe's that name no order of ours.
    pub not_ours: u32,
}

/// The findings of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The differences, in the order in which they were found.
    pub differences: Vec<Difference>,
    /// How many objects were compared.
    pub compared: ComparisonCounts,
    /// Whether the pass is complete.
    pub finished: bool,
    /// Why the run ended early; `None` when its time was up or the pass is complete.
    pub stopped: Option<String>,
}

/// The counts of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Differences by kind.
    pub differences: BTreeMap<Kind, usize>,
    /// The differences that remain.
    pub left: usize,
    /// How many objects were compared.
    pub compared: ComparisonCounts,
    /// Whether the pass is complete.
    pub finished: bool,
    /// Why the run ended early.
    pub stopped: Option<String>,
}

impl Report {
    /// The counts of the report.
    pub fn summary(&self) -> Summary {
        let (differences, left) = (self.kinds(), self.left());
        Summary { differences, left, compared: self.compared, finished: self.finished, stopped: self.stopped.clone() }
    }

    /// The differences that remain.
    pub fn left(&self) -> usize {
        self.differences.iter().filter(|difference| difference.outcome == Outcome::Left).count()
    }

    /// The number of differences by kind.
    pub fn kinds(&self) -> BTreeMap<Kind, usize> {
        let mut kinds = BTreeMap::new();
        for difference in &self.differences {
            *kinds.entry(difference.kind).or_insert(0) += 1;
        }
        kinds
    }

    /// Adds the report of the next run.
    pub fn join(&mut self, next: Self) {
        self.differences.extend(next.differences);
        let (sum, more) = (&mut self.compared, next.compared);
        sum.intents += more.intents;
        sum.refunds += more.refunds;
        sum.disputes += more.disputes;
        sum.events += more.events;
        sum.orders += more.orders;
        sum.not_ours += more.not_ours;
        (self.finished, self.stopped) = (next.finished, next.stopped);
    }
}
