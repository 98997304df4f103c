//! What we know of an order's money: facts about Stripe's objects, merged so that order of arrival does not matter.

mod facts;
mod known;

pub use facts::{
    ChargeFact, ChargeId, DisputeFact, DisputeId, DisputeStatus, IntentFact, IntentId, IntentStatus, PaymentFact,
    RefundFact, RefundId, RefundStatus, TransferDirection, TransferFact,
};
pub use known::KnownFacts;
