//! What the functions that ask for an address, a password or a link have in common: the limits of each account,
//! finding whose link it is, storing what was decided. Must not know sessions, nor how passwords are compared.

mod account;
mod decide;

pub use account::AccountLimits;
pub use decide::{linked, occasion, save};
