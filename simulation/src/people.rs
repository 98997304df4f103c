//! Those who use the shop, and what they do to it.

mod browser;
mod customer;
mod dashboard;
mod plays;
mod scripts;
mod staff;
mod wishes;

pub use customer::shop;
pub use scripts::{
    EDIT_IN_ONE_TAB, INVOICED, LAST_MOMENT, LATE_AND_GONE, MANY_REFUNDS, MONEY_FIRST, PART_REFUNDS, PLACE_AND_PAY,
    RIVAL_REFUNDS, RUSH, SCRIPTS, Script, TWO_REFUNDS,
};
