//! Those who use the shop, and what they do to it.

mod bank;
mod browser;
mod customer;
mod dashboard;
mod plays;
mod scripts;
mod service;
mod staff;
mod visit;
mod wishes;

pub use scripts::{
    EDIT_IN_ONE_TAB, FORMER_TOTAL, INVOICED, LAST_MOMENT, LATE_AND_GONE, MANY_REFUNDS, MONEY_FIRST, PART_REFUNDS,
    PLACE_AND_PAY, RIVAL_REFUNDS, RUSH, SCRIPTS, Script, TWO_REFUNDS,
};
pub use visit::shop;
