//! The users of the shop, and what they do.

mod actions;
mod bank;
mod browser;
mod customer;
mod dashboard;
mod scenarios;
mod service;
mod staff;
mod visit;
mod workload;

pub use actions::OUTAGE_AFTER;
pub use scenarios::{
    BESIDE_POISON, CANCEL_EXPIRED, CANCEL_OLD, CANCEL_PAID, DASHBOARD_FIRST, EDIT_IN_ONE_TAB, FORMER_TOTAL, HOARD,
    IN_AN_OUTAGE, INVOICED, LAST_MOMENT, LATE_AND_GONE, MANY_REFUNDS, MONEY_FIRST, PART_REFUNDS, PLACE_AND_PAY,
    RIVAL_REFUNDS, RUSH, SCENARIOS, STUCK_VOID, Scenario, TWO_REFUNDS,
};
pub use visit::shop;
