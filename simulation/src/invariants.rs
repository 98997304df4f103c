//! What must hold once a run has come to rest, whatever happened before, and at every step on the way there.
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

/// A violation of an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant.
    pub invariant: &'static str,
    /// The order; `None` when it concerns the whole.
    pub order: Option<OrderId>,
    /// The expected and the actual figure.
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

/// All violations in a snapshot.
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
        effects::letters,
        effects::rows,
    ];
    checks.iter().flat_map(|check| check(snapshot)).collect()
}
