//! Disputes (`docs.stripe.com/api/disputes`): the object and its money; what may happen to it is in the files below.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{balance_transactions::BalanceTransaction, collection::Resource};

mod open;
mod proceed;
mod update;

pub use open::NewDispute;
pub use proceed::DisputeOutcome;

/// Seconds to answer an inquiry, a chargeback, or a decision that can be appealed. Each network has its own time; this
/// is the shortest that Stripe names (docs.stripe.com/disputes/responding).
const TIME_TO_RESPOND: i64 = 7 * 24 * 60 * 60;

/// A dispute.
#[derive(Clone, Debug)]
pub struct Dispute {
    pub id: String,
    pub created: i64,
    pub charge: String,
    pub payment_intent: String,
    /// In minor units of `currency`: it may exceed the charge, and be in another currency than it.
    pub amount: i64,
    pub currency: String,
    pub reason: String,
    pub status: DisputeStatus,
    /// How the card network calls the case.
    pub case_type: CaseType,
    pub evidence: Evidence,
    pub metadata: BTreeMap<String, String>,
    /// Until when evidence can be submitted, in seconds since the epoch; `None` where there is nothing to answer.
    pub due_by: Option<i64>,
    /// What is disputed of the charge, in minor units of the charge's currency.
    pub claim: i64,
    /// What the bank has of it now: never more than what was left of the charge.
    pub withdrawn: i64,
    /// What moved on the account's balance: nothing, a withdrawal, or a withdrawal and a reversal.
    pub balance_transactions: Vec<BalanceTransaction>,
}

/// What was submitted against a dispute.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Texts and file ids by name.
    pub fields: BTreeMap<String, Value>,
    /// How often it was submitted.
    pub submissions: u32,
    /// Whether the last submission came too late.
    pub past_due: bool,
}

/// The network's name of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseType {
    /// The bank asks first, and no money moves.
    Inquiry,
    /// The bank takes the money.
    Chargeback,
    /// The network stopped the dispute before it cost anything.
    Block,
    /// The network ended the dispute with a refund.
    Resolution,
}

impl CaseType {
    /// Stripe's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::Chargeback => "chargeback",
            Self::Block => "block",
            Self::Resolution => "resolution",
        }
    }
}

/// Where a dispute stands. Warnings are inquiries: the bank asks first, and no money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeStatus {
    WarningNeedsResponse,
    WarningUnderReview,
    WarningClosed,
    NeedsResponse,
    UnderReview,
    AppealNeedsResponse,
    AppealUnderReview,
    Won,
    Lost,
    Prevented,
}

impl DisputeStatus {
    /// Stripe's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WarningNeedsResponse => "warning_needs_response",
            Self::WarningUnderReview => "warning_under_review",
            Self::WarningClosed => "warning_closed",
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::AppealNeedsResponse => "appeal_needs_response",
            Self::AppealUnderReview => "appeal_under_review",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Prevented => "prevented",
        }
    }

    /// Whether it came to its end. A lost dispute may be opened once more by an appeal.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Won | Self::Lost | Self::WarningClosed | Self::Prevented)
    }

    /// Whether it is an inquiry.
    pub const fn is_inquiry(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::WarningUnderReview | Self::WarningClosed)
    }

    /// Whether the bank has yet to decide about money that it took. Until then nothing of the charge can be refunded.
    pub const fn is_open_chargeback(self) -> bool {
        !self.is_closed() && !self.is_inquiry()
    }

    /// Whether a loss is under appeal.
    const fn is_appeal(self) -> bool {
        matches!(self, Self::AppealNeedsResponse | Self::AppealUnderReview)
    }

    /// Where it stands once it is answered.
    const fn answered(self) -> Self {
        match self {
            Self::WarningNeedsResponse => Self::WarningUnderReview,
            Self::NeedsResponse => Self::UnderReview,
            Self::AppealNeedsResponse => Self::AppealUnderReview,
            other => other,
        }
    }
}

impl Dispute {
    /// Whether money came back since it was as `before`.
    fn reinstated_since(&self, before: &Self) -> bool {
        let reversed = |dispute: &Self| dispute.balance_transactions.get(1).map_or(0, BalanceTransaction::size);
        reversed(self) > reversed(before)
    }
}

impl Resource for Dispute {
    const OBJECT: &'static str = "dispute";
    const PATH: &'static str = "disputes";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn owners(&self) -> Vec<&str> {
        vec![&self.charge, &self.payment_intent]
    }

    fn view(&self) -> Value {
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": self.balance_transactions.iter().map(BalanceTransaction::view).collect::<Vec<_>>(),
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": self.evidence.view(),
            "evidence_details": {
                "due_by": self.due_by,
                "enhanced_eligibility": {},
                "has_evidence": !self.evidence.fields.is_empty(),
                "past_due": self.evidence.past_due,
                "submission_count": self.evidence.submissions,
                "submission_method": if self.evidence.submissions > 0 { "manual" } else { "not_submitted" },
            },
            "intended_submission_method": null,
            "is_charge_refundable": !self.status.is_open_chargeback() && self.withdrawn == 0,
            "livemode": false,
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": {
                    "brand": "visa",
                    "case_type": self.case_type.name(),
                    "network": "visa",
                    "network_reason_code": "83",
                },
                "type": "card",
            },
            "reason": self.reason,
            "status": self.status.name(),
        })
    }
}

/// The texts and files that can be submitted.
const EVIDENCE: [&str; 27] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

impl Evidence {
    /// Every field, absent ones as null.
    fn view(&self) -> Value {
        let mut view = json!({ "enhanced_evidence": {} });
        for name in EVIDENCE {
            view[name] = self.fields.get(name).cloned().unwrap_or_default();
        }
        view
    }
}
