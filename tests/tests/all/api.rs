//! The HTTP functions with memory repositories, the sandbox's Stripe and a clock that stands still.

mod accounts;
mod actors;
mod edge;
mod editing;
mod input;
mod invoices;
pub mod keys;
mod matrix;
mod openid;
mod orders;
mod paying;
mod reserving;
mod samples;
mod world;
