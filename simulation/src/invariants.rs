//! What must be true when all has come to rest, whatever happened before; and of every step on the way there.
//!
//! Pure checks over a [`Snapshot`]. Each violation names the order and both figures.

mod decisions;
mod effects;
mod history;
mod life;
mod money;
mod paid;
mod rest;
mod steps;
mod stock;
mod transfers;

use std::fmt;

use domain::OrderId;

use crate::snapshot::Snapshot;

pub use steps::Steps;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise was broken.
    pub invariant: &'static str,
    /// Of which order; none: of the whole.
    pub order: Option<OrderId>,
    /// Both figures.
    pub text: String,
}

impl Violation {
    fn of(invariant: &'static str, order: OrderId, text: String) -> Self {
        Self { invariant, order: Some(order), text }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.text)?;
        self.order.map_or(Ok(()), |order| write!(f, " ({order})"))
    }
}

/// Every violation in these books.
pub fn check(snapshot: &Snapshot) -> Vec<Violation> {
    let checks = [
        rest::check,
        life::check,
        decisions::check,
        money::check,
        paid::check,
        transfers::check,
        history::check,
        stock::check,
        effects::mails,
        effects::rows,
    ];
    checks.iter().flat_map(|check| check(snapshot)).collect()
}
