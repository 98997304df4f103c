//! The HTTP functions with memory repositories, the sandbox's Stripe and a clock that stands still.

mod accounts;
mod edge;
mod input;
mod keys;
mod matrix;
mod openid;
mod orders;
mod paying;
mod samples;
mod world;
