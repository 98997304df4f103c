//! Those who use the shop, and what they do to it.

mod browser;
mod customer;
mod dashboard;
mod scripts;
mod staff;
mod wishes;

pub use customer::shop;
pub use scripts::{MONEY_FIRST, PLACE_AND_PAY, RUSH, SCRIPTS, Script, TWO_REFUNDS};
