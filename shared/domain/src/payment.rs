//! What is known of an order's payments: facts about Stripe's objects, merged so that their order of arrival does not
//! matter.

mod facts;
mod known;
mod stored;

pub use facts::{
    ChargeFact, ChargeId, DisputeFact, DisputeId, DisputeStage, DisputeStatus, IntentFact, IntentId, IntentStatus,
    PaymentFact, RefundFact, RefundId, RefundStatus, TransferDirection, TransferFact,
};
pub use known::KnownFacts;
