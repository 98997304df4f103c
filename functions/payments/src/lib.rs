//! Money: paying an order, giving it back, taking in what Stripe says, and comparing both sides.
//!
//! A module is a function; `src/bin` has its program, and the passport beside `src` says what AWS has to know of it.

pub mod confirm_payment;
pub mod create_payment_intent;
pub mod mark_invoice_paid;
pub mod reconcile_payments;
pub mod refund_order;
pub mod settle_payment;
pub mod stripe_webhook;
