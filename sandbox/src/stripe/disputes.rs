//! Disputes: opened by the customer's bank, here by hand or by a test card; won or lost in the end.

use serde_json::{Value, json};

use super::{Answer, Context, Stripe, collection::Resource, errors::ApiError, form::Form};

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

/// How a dispute begins.
#[derive(Clone, Copy, Debug)]
pub struct NewDispute<'a> {
    /// What is disputed; all that was not refunded when absent.
    pub amount: Option<i64>,
    /// Stripe's word for why.
    pub reason: &'a str,
    /// Whether the bank only asks.
    pub inquiry: bool,
}

impl NewDispute<'_> {
    const fn status(&self) -> DisputeStatus {
        if self.inquiry { DisputeStatus::WarningNeedsResponse } else { DisputeStatus::NeedsResponse }
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
    Won,
    Lost,
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
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// Whether it came to its end.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Won | Self::Lost | Self::WarningClosed)
    }

    /// Whether it is an inquiry.
    pub const fn is_inquiry(self) -> bool {
        matches!(self, Self::WarningNeedsResponse | Self::WarningUnderReview | Self::WarningClosed)
    }

    /// Whether the bank has the money, and Stripe refunds nothing of the charge. What Stripe does after a dispute was
    /// won is not documented; here the money can be refunded again.
    pub const fn holds_money(self) -> bool {
        matches!(self, Self::NeedsResponse | Self::UnderReview | Self::Lost)
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
        let open = matches!(self.status, DisputeStatus::NeedsResponse | DisputeStatus::WarningNeedsResponse);
        let case_type = if self.status.is_inquiry() { "inquiry" } else { "chargeback" };
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
            "is_charge_refundable": !self.status.holds_money(),
            "livemode": false,
            "metadata": {},
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": { "brand": "visa", "case_type": case_type, "network_reason_code": "83" },
                "type": "card",
            },
            "reason": self.reason,
            "status": self.status.name(),
        })
    }
}

impl Stripe {
    /// The customer's bank takes money back, all that was not refunded unless an amount is named; or asks first, and
    /// takes nothing.
    pub(super) fn open_dispute(&mut self, context: &Context, charge: &str, opening: &NewDispute<'_>) -> Answer {
        let id = self.new_id("du_1");
        let busy = self.disputes.of(charge).any(|dispute| dispute.status.holds_money() || !dispute.status.is_closed());
        let charge = self.charges.get_mut(charge)?;
        let amount = opening.amount.unwrap_or_else(|| charge.refundable());
        if busy || !charge.is_captured() || charge.refundable() < 1 || amount < 1 || amount > charge.amount_captured {
            let message = "Only a captured charge without another dispute, and not refunded altogether, can be disputed, \
                           up to what was captured.";
            return Err(ApiError::invalid("amount", message));
        }
        charge.disputed = true;
        let dispute = Dispute {
            id,
            created: context.now.seconds(),
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            amount,
            currency: charge.currency.clone(),
            reason: opening.reason.to_owned(),
            status: opening.status(),
            evidence: json!({}),
        };
        let view = dispute.view();
        self.disputes.insert(dispute);
        self.emit(context, "charge.dispute.created", &view);
        if !opening.inquiry {
            self.emit(context, "charge.dispute.funds_withdrawn", &view);
        }
        Ok(view)
    }

    /// The bank reads the evidence, without any that came over the API.
    pub(super) fn review_dispute(&mut self, context: &Context, id: &str) -> Answer {
        self.update_dispute(context, id, &Form::default())
    }

    /// The bank rejects the answer to its inquiry, and withdraws the money.
    pub(super) fn escalate_dispute(&mut self, context: &Context, id: &str) -> Answer {
        let dispute = self.open_dispute_mut(id)?;
        if !dispute.status.is_inquiry() {
            return Err(ApiError::invalid("dispute", "Only an inquiry becomes a dispute."));
        }
        let previous = json!({ "status": dispute.status.name() });
        dispute.status = DisputeStatus::NeedsResponse;
        let view = dispute.view();
        self.emit_change(context, "charge.dispute.updated", &view, &previous);
        self.emit(context, "charge.dispute.funds_withdrawn", &view);
        Ok(view)
    }

    /// The bank decides; an inquiry is closed, whatever it decides.
    pub(super) fn close_dispute(&mut self, context: &Context, id: &str, won: bool) -> Answer {
        let dispute = self.open_dispute_mut(id)?;
        dispute.status = match (dispute.status.is_inquiry(), won) {
            (true, _) => DisputeStatus::WarningClosed,
            (false, true) => DisputeStatus::Won,
            (false, false) => DisputeStatus::Lost,
        };
        let (status, view) = (dispute.status, dispute.view());
        self.emit(context, "charge.dispute.closed", &view);
        if status == DisputeStatus::Won {
            self.emit(context, "charge.dispute.funds_reinstated", &view);
        }
        Ok(view)
    }

    fn open_dispute_mut(&mut self, id: &str) -> Result<&mut Dispute, ApiError> {
        let dispute = self.disputes.get_mut(id)?;
        if dispute.status.is_closed() {
            let message = format!("This dispute is already closed: it is {}.", dispute.status.name());
            return Err(ApiError::state("dispute_already_closed", message));
        }
        Ok(dispute)
    }

    /// `POST /v1/disputes/:id`: evidence, which is submitted unless said otherwise.
    pub(super) fn update_dispute(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        self.disputes.get(id)?;
        form.only(&["evidence", "metadata", "submit"])?;
        let dispute = self.open_dispute_mut(id)?;
        let previous = json!({ "status": dispute.status.name() });
        if let Some(evidence) = form.group("evidence") {
            dispute.evidence = evidence.to_json();
        }
        if form.boolean("submit")? != Some(false) {
            let inquiry = dispute.status.is_inquiry();
            dispute.status = if inquiry { DisputeStatus::WarningUnderReview } else { DisputeStatus::UnderReview };
        }
        let view = dispute.view();
        self.emit_change(context, "charge.dispute.updated", &view, &previous);
        Ok(view)
    }

    /// `GET /v1/disputes`.
    pub(super) fn list_disputes(&self, form: &Form) -> Answer {
        form.only(&["limit", "starting_after", "ending_before", "created", "charge", "payment_intent"])?;
        let (charge, intent) = (form.filled("charge"), form.filled("payment_intent"));
        self.disputes.page(form, charge.or(intent), |dispute| {
            charge.is_none_or(|charge| dispute.charge == charge)
                && intent.is_none_or(|intent| dispute.payment_intent == intent)
        })
    }
}
