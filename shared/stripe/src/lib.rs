//! Stripe: the client for payment intents and refunds, and the verification and reading of its webhooks.
//!
//! Speaks Stripe's words on one side and `domain`'s payment facts on the other. Must not know how orders are stored,
//! and never keeps a client secret: it passes through in the answer to the one who pays.

mod amount;
mod answer;
mod client;
mod error;
mod facts;
mod intent;
mod list;
mod object;
mod refund;
mod secrets;
mod signature;
mod webhook;

#[cfg(test)]
mod conversation;
#[cfg(test)]
mod sandbox_tests;

pub use amount::{AmountError, check_chargeable, from_stripe, minimum_charge, to_stripe};
pub use client::{API_VERSION, LIVE_URL, Stripe};
pub use error::StripeError;
pub use facts::{
    EVENT_TYPES, OrderReference, Owner, UnreadableEvent, dispute_facts, facts, intent_facts, owner, refund_facts,
};
pub use intent::{NOT_OFFERED, NewIntent};
pub use list::{Listed, Page};
pub use object::{Charge, ClientSecret, Dispute, PaymentError, PaymentIntent, Refund};
pub use refund::NewRefund;
pub use secrets::{SigningSecrets, StripeSecrets};
pub use signature::{SignatureError, TOLERANCE};
pub use webhook::{Event, WebhookError, verify};
