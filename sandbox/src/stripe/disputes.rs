//! Disputes: opened by the customer's bank, here by hand or by a test card; won or lost in the end.

use serde_json::{Value, json};

use super::{Answer, Context, Stripe, collection::Stored, errors::ApiError, form::Form};

/// A dispute.
#[derive(Clone, Debug)]
pub struct Dispute {
    pub id: String,
    pub created: i64,
    pub charge: String,
    pub payment_intent: String,
    pub amount: i64,
    pub currency: String,
    pub reason: String,
    pub status: DisputeStatus,
    pub evidence: Value,
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeStatus {
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
}

impl DisputeStatus {
    /// Stripe's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    const fn is_closed(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }
}

impl Stored for Dispute {
    const OBJECT: &'static str = "dispute";
    const PATH: &'static str = "disputes";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn view(&self) -> Value {
        let open = self.status == DisputeStatus::NeedsResponse;
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": [],
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": self.evidence,
            "evidence_details": {
                "due_by": self.created + 7 * 24 * 60 * 60,
                "enhanced_eligibility": {},
                "has_evidence": self.evidence.as_object().is_some_and(|evidence| !evidence.is_empty()),
                "past_due": false,
                "submission_count": u8::from(!open),
            },
            "intended_submission_method": null,
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": { "brand": "visa", "case_type": "chargeback", "network_reason_code": "83" },
                "type": "card",
            },
            "reason": self.reason,
            "status": self.status.name(),
        })
    }
}

impl Stripe {
    /// The customer's bank takes money back, all of it unless an amount is named.
    pub(super) fn open_dispute(
        &mut self,
        context: &Context,
        charge: &str,
        amount: Option<i64>,
        reason: &str,
    ) -> Answer {
        let id = self.new_id("du_1");
        let charge = self.charges.get_mut(charge)?;
        let amount = amount.unwrap_or(charge.amount_captured);
        if !charge.is_captured() || charge.disputed || amount < 1 || amount > charge.amount_captured {
            let message = "Only a captured charge without a dispute can be disputed, up to what was captured.";
            return Err(ApiError::invalid("amount", message));
        }
        charge.disputed = true;
        let dispute = Dispute {
            id: id.clone(),
            created: context.now.seconds(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            amount,
            currency: charge.currency.clone(),
            reason: reason.to_owned(),
            status: DisputeStatus::NeedsResponse,
            evidence: json!({}),
        };
        let view = dispute.view();
        self.disputes.insert(dispute);
        self.emit(context, "charge.dispute.created", &view);
        self.emit(context, "charge.dispute.funds_withdrawn", &view);
        Ok(view)
    }

    /// The bank decides.
    pub(super) fn close_dispute(&mut self, context: &Context, id: &str, won: bool) -> Answer {
        let dispute = self.disputes.get_mut(id)?;
        if dispute.status.is_closed() {
            let message = format!("This dispute is already closed: it is {}.", dispute.status.name());
            return Err(ApiError::state("dispute_already_closed", message));
        }
        dispute.status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
        let view = dispute.view();
        self.emit(context, "charge.dispute.closed", &view);
        if won {
            self.emit(context, "charge.dispute.funds_reinstated", &view);
        }
        Ok(view)
    }

    /// `POST /v1/disputes/:id`: evidence, which is submitted unless said otherwise.
    pub(super) fn update_dispute(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let dispute = self.disputes.get_mut(id)?;
        form.only(&["evidence", "metadata", "submit"])?;
        if dispute.status.is_closed() {
            let message = format!("This dispute is already closed: it is {}.", dispute.status.name());
            return Err(ApiError::state("dispute_already_closed", message));
        }
        let previous = json!({ "status": dispute.status.name() });
        if let Some(evidence) = form.group("evidence") {
            dispute.evidence = evidence.to_json();
        }
        if form.boolean("submit")? != Some(false) {
            dispute.status = DisputeStatus::UnderReview;
        }
        let view = dispute.view();
        self.emit_change(context, "charge.dispute.updated", &view, &previous);
        Ok(view)
    }

    /// `GET /v1/disputes`.
    pub(super) fn list_disputes(&self, form: &Form) -> Answer {
        form.only(&["limit", "starting_after", "ending_before", "created", "charge", "payment_intent"])?;
        let (charge, intent) = (form.filled("charge"), form.filled("payment_intent"));
        self.disputes.page(form, |dispute| {
            charge.is_none_or(|charge| dispute.charge == charge)
                && intent.is_none_or(|intent| dispute.payment_intent == intent)
        })
    }
}
