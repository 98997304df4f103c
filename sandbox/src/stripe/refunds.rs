//! Refunds: never more than was taken; some fail or wait after the call went well (docs.stripe.com/refunds).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Answer, Context, Stripe, Timer, cards::Aftermath, charges::ChargeStatus, collection::Resource, currency,
    errors::ApiError, form::Form, metadata,
};

const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

/// A refund.
#[derive(Clone, Debug)]
pub struct Refund {
    pub id: String,
    pub created: i64,
    pub charge: String,
    pub payment_intent: String,
    pub payment_method: String,
    pub amount: i64,
    pub currency: String,
    pub status: RefundStatus,
    pub reason: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub failure_reason: Option<&'static str>,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    Pending,
    RequiresAction,
    Succeeded,
    Failed,
    Canceled,
}

impl RefundStatus {
    /// Stripe's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether the money stays with the shop after all.
    const fn is_undone(self) -> bool {
        matches!(self, Self::Failed | Self::Canceled)
    }
}

impl Resource for Refund {
    const OBJECT: &'static str = "refund";
    const PATH: &'static str = "refunds";

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
        let mut view = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": null,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "customer_account": null,
            "destination_details": { "card": { "type": "refund" }, "type": "card" },
            "metadata": self.metadata,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": self.status.name(),
            "transfer_reversal": null,
        });
        if let Some(reason) = self.failure_reason {
            view["failure_reason"] = reason.into();
        }
        view
    }
}

impl Stripe {
    /// `POST /v1/refunds`.
    pub(super) fn create_refund(&mut self, context: &Context, form: &Form) -> Answer {
        let reason = form.one_of("reason", &REASONS)?.map(str::to_owned);
        let metadata = metadata::merged(&BTreeMap::new(), form)?;
        let asked = form.integer("amount")?;
        let charge_id = self.charge_to_refund(form)?;
        let amount = self.refund_amount(&charge_id, asked)?;
        let id = self.new_id("re_3");
        let charge = self.charges.get_mut(&charge_id)?;
        charge.amount_refunded += amount;
        let aftermath =
            self.methods.find(&charge.payment_method).map_or(Aftermath::None, |method| method.test.aftermath);
        let waits = aftermath == Aftermath::RefundPends || !charge.method_details["card"].is_object();
        let refund = Refund {
            id: id.clone(),
            created: context.now.seconds(),
            charge: charge_id.clone(),
            payment_intent: charge.payment_intent.clone(),
            payment_method: charge.payment_method.clone(),
            amount,
            currency: charge.currency.clone(),
            status: if waits { RefundStatus::Pending } else { RefundStatus::Succeeded },
            reason,
            metadata,
            failure_reason: None,
        };
        let view = refund.view();
        self.refunds.insert(refund);
        self.emit(context, "refund.created", &view);
        self.tell_charge(context, &charge_id, "charge.refunded")?;
        if waits || aftermath == Aftermath::RefundFails {
            let outcome = if waits { RefundStatus::Succeeded } else { RefundStatus::Failed };
            let due = context.now.plus(Duration::from_millis(self.settings.refund_settles_after_ms));
            self.at(due, Timer::Refund(id, outcome));
        }
        Ok(view)
    }

    fn charge_to_refund(&self, form: &Form) -> Result<String, ApiError> {
        if let Some(id) = form.filled("charge") {
            let charge = self.charges.find(id).ok_or_else(|| ApiError::no_such_param("charge", id, "charge"))?;
            return Ok(charge.id.clone());
        }
        let id = form.filled("payment_intent").ok_or_else(|| {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            ApiError::coded("parameter_missing", "payment_intent", message)
        })?;
        let intent = self.intents.find(id);
        let intent = intent.ok_or_else(|| ApiError::no_such_param("payment_intent", id, "payment_intent"))?;
        let charge = intent.latest_charge.as_deref().and_then(|charge| self.charges.find(charge));
        if let Some(charge) = charge.filter(|charge| matches!(charge.status, ChargeStatus::Succeeded { .. })) {
            return Ok(charge.id.clone());
        }
        let message = format!("This PaymentIntent ({id}) does not have a successful charge to refund.");
        Err(ApiError::state("payment_intent_unexpected_state", message).at("payment_intent"))
    }

    /// The amount to refund, within what is left; the rest when none is named.
    fn refund_amount(&self, charge: &str, asked: Option<i64>) -> Result<i64, ApiError> {
        let charge = self.charges.get(charge)?;
        if asked.is_some_and(|amount| amount < 1) {
            let message = "This value must be greater than or equal to 1.";
            return Err(ApiError::coded("parameter_invalid_integer", "amount", message));
        }
        if !charge.is_captured() {
            let message = format!("Charge {} has not been captured, so it cannot be refunded.", charge.id);
            return Err(ApiError::state("charge_not_refundable", message));
        }
        let left = self.left_of(charge);
        if charge.refundable() == 0 {
            let message = format!("Charge {} has already been refunded.", charge.id);
            return Err(ApiError::state("charge_already_refunded", message));
        }
        if left < 1 || self.disputes.of(&charge.id).any(|dispute| dispute.status.is_open_chargeback()) {
            let message = format!("Charge {} has been charged back; cannot issue a refund.", charge.id);
            return Err(ApiError::state("charge_disputed", message));
        }
        let amount = asked.unwrap_or(left);
        currency::check_granularity(amount, &charge.currency)?;
        if amount > left {
            let bound = if left == charge.amount_captured { "charge amount" } else { "unrefunded amount on charge" };
            let message = format!(
                "Refund amount ({}) is greater than {bound} ({})",
                currency::format(amount, &charge.currency),
                currency::format(left, &charge.currency)
            );
            return Err(ApiError::invalid("amount", message).executed());
        }
        Ok(amount)
    }

    /// A refund comes to another end than the call said.
    pub(super) fn settle_refund(&mut self, context: &Context, id: &str, status: RefundStatus) -> Answer {
        let refund = self.refunds.get_mut(id)?;
        if refund.status == status || refund.status.is_undone() {
            return Ok(refund.view());
        }
        let previous = json!({ "status": refund.status.name() });
        refund.status = status;
        refund.failure_reason = (status == RefundStatus::Failed).then_some("expired_or_canceled_card");
        let (view, charge_id, amount) = (refund.view(), refund.charge.clone(), refund.amount);
        if status.is_undone() {
            self.charges.get_mut(&charge_id)?.amount_refunded -= amount;
        }
        if status == RefundStatus::Failed {
            self.emit(context, "refund.failed", &view);
        }
        self.emit_change(context, "refund.updated", &view, &previous);
        self.emit_change(context, "charge.refund.updated", &view, &previous);
        Ok(view)
    }

    /// `POST /v1/refunds/:id`: metadata alone.
    pub(super) fn update_refund(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let refund = self.refunds.get_mut(id)?;
        let previous = json!({ "metadata": refund.metadata });
        refund.metadata = metadata::merged(&refund.metadata, form)?;
        let view = refund.view();
        self.emit_change(context, "refund.updated", &view, &previous);
        Ok(view)
    }

    /// `POST /v1/refunds/:id/cancel`: only while the customer has something to do.
    pub(super) fn cancel_refund(&mut self, context: &Context, id: &str) -> Answer {
        let status = self.refunds.get(id)?.status;
        if status != RefundStatus::RequiresAction {
            let message = format!("You cannot cancel this refund because it has a status of {}.", status.name());
            return Err(ApiError::state("refund_not_cancelable", message));
        }
        self.settle_refund(context, id, RefundStatus::Canceled)
    }

    /// `GET /v1/refunds`.
    pub(super) fn list_refunds(&self, form: &Form) -> Answer {
        let (charge, intent) = (form.filled("charge"), form.filled("payment_intent"));
        self.refunds.page(form, charge.or(intent), |refund| {
            charge.is_none_or(|charge| refund.charge == charge)
                && intent.is_none_or(|intent| refund.payment_intent == intent)
        })
    }
}
