//! What a pass finds: a value, so that whoever started it says it in their own way.

use std::collections::BTreeMap;
use std::fmt;

use domain::OrderId;
use serde::Serialize;

/// How our books and Stripe's disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Stripe received the order's money, and the order does not know.
    MissedPayment,
    /// Stripe asks for, or received, another amount or currency than the order's total, and the order does not know.
    DifferingAmount,
    /// An intent is in another status at Stripe: begun, given up, at the bank.
    MissedStatus,
    /// Stripe gave money back, or a refund took another turn, and the order does not know.
    MissedRefund,
    /// A bank asks for money, or has decided, and the order does not know.
    MissedDispute,
    /// Stripe received money for an order of ours that is not there.
    MoneyWithoutOrder,
    /// The order counts on money that Stripe does not have.
    MoneyMissing,
    /// The order waits for an intent that Stripe does not know, so nobody can pay it.
    UnknownIntent,
    /// An intent can still be paid that nobody is to pay: the order was called off, or has another one.
    LiveIntent,
    /// Money is to go back, and is not on its way.
    UnsettledMoney,
    /// Stripe's object is not what this version understands.
    Unreadable,
}

impl Kind {
    /// For people: `missed payment`.
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
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What came of a disagreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is no more.
    Healed,
    /// Whoever has to do something hears of it once more.
    HandedOn,
    /// It is still there: nothing was to be changed, or people must look.
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

/// One disagreement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Which kind.
    pub kind: Kind,
    /// Whose money, as far as anything names an order.
    pub order_id: Option<OrderId>,
    /// Stripe's id of the object; empty when it is not about one.
    pub object: String,
    /// How it is with us.
    pub ours: String,
    /// How it is at Stripe.
    pub stripes: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What was compared.
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

/// What a run of a pass saw and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The disagreements, in the order in which they were found.
    pub differences: Vec<Difference>,
    /// How much was compared.
    pub compared: ComparisonCounts,
    /// Whether the pass came to its end.
    pub finished: bool,
    /// What ended the run before its time; none when it was its time, or the end.
    pub stopped: Option<String>,
}

/// A report in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Disagreements of each kind.
    pub differences: BTreeMap<Kind, usize>,
    /// About how many of them nothing was done.
    pub left: usize,
    /// How much was compared.
    pub compared: ComparisonCounts,
    /// Whether the pass came to its end.
    pub finished: bool,
    /// What ended the run before its time.
    pub stopped: Option<String>,
}

impl Report {
    /// The report in numbers.
    pub fn summary(&self) -> Summary {
        let (differences, left) = (self.kinds(), self.left());
        Summary { differences, left, compared: self.compared, finished: self.finished, stopped: self.stopped.clone() }
    }

    /// Disagreements about which nothing was done.
    pub fn left(&self) -> usize {
        self.differences.iter().filter(|difference| difference.outcome == Outcome::Left).count()
    }

    /// How many there are of each kind.
    pub fn kinds(&self) -> BTreeMap<Kind, usize> {
        let mut kinds = BTreeMap::new();
        for difference in &self.differences {
            *kinds.entry(difference.kind).or_insert(0) += 1;
        }
        kinds
    }

    /// Takes in the report of the run after this one.
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
