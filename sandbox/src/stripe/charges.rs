//! Charges: each attempt to take money, failed ones included.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Context, Stripe, cards::Decline, collection::Resource, errors::ApiError, form::Form};

/// A charge.
#[derive(Clone, Debug)]
pub struct Charge {
    pub id: String,
    pub created: i64,
    pub payment_intent: String,
    pub payment_method: String,
    pub amount: i64,
    pub amount_captured: i64,
    /// Refunds that have not failed, pending ones included.
    pub amount_refunded: i64,
    pub currency: String,
    pub status: ChargeStatus,
    pub disputed: bool,
    pub released: bool,
    pub metadata: BTreeMap<String, String>,
    pub description: Value,
    pub receipt_email: Value,
    pub method_details: Value,
    pub billing_details: Value,
}

/// Where a charge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargeStatus {
    /// The bank has not answered yet.
    Pending,
    /// The bank said yes; not captured is authorized only.
    Succeeded {
        /// Whether the money was taken.
        captured: bool,
    },
    /// The bank said no.
    Failed(Decline),
}

impl Resource for Charge {
    const OBJECT: &'static str = "charge";
    const PATH: &'static str = "charges";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn owners(&self) -> Vec<&str> {
        vec![&self.payment_intent]
    }

    fn view(&self) -> Value {
        let (status, paid, decline) = match self.status {
            ChargeStatus::Pending => ("pending", false, None),
            ChargeStatus::Succeeded { .. } => ("succeeded", true, None),
            ChargeStatus::Failed(decline) => ("failed", false, Some(decline)),
        };
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": if self.released { self.amount } else { self.amount_refunded },
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": null,
            "billing_details": self.billing_details,
            "calculated_statement_descriptor": "SANDBOX",
            "captured": self.is_captured(),
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": null,
            "failure_code": decline.map(|decline| decline.code),
            "failure_message": decline.map(|decline| decline.message),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "on_behalf_of": null,
            "outcome": outcome(decline),
            "paid": paid,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": self.method_details,
            "radar_options": {},
            "receipt_email": self.receipt_email,
            "receipt_number": null,
            "receipt_url": null,
            "refunded": self.released || self.is_captured() && self.amount_refunded >= self.amount_captured,
            "review": null,
            "shipping": null,
            "source": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": status,
            "transfer_data": null,
            "transfer_group": null,
        })
    }
}

impl Charge {
    /// Whether the money was taken.
    pub const fn is_captured(&self) -> bool {
        matches!(self.status, ChargeStatus::Succeeded { captured: true })
    }

    /// The refunded amount, pending refunds included, in minor units.
    pub const fn refunded(&self) -> i64 {
        self.amount_refunded
    }

    /// What was taken and not refunded, in minor units; a bank may have some of it.
    pub const fn refundable(&self) -> i64 {
        self.amount_captured - self.amount_refunded
    }
}

fn outcome(decline: Option<Decline>) -> Value {
    match decline {
        None => json!({
            "advice_code": null,
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": "approved_by_network",
            "reason": null,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }),
        Some(decline) => json!({
            "advice_code": null,
            "network_advice_code": null,
            "network_decline_code": null,
            "network_status": "declined_by_network",
            "reason": decline.reason.unwrap_or(decline.code),
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }),
    }
}

impl Stripe {
    /// A new charge for the intent's whole amount, with its event.
    pub(super) fn create_charge(
        &mut self,
        context: &Context,
        intent: &str,
        status: ChargeStatus,
    ) -> Result<String, ApiError> {
        let id = self.new_id("ch_3");
        let intent = self.intents.get_mut(intent)?;
        intent.latest_charge = Some(id.clone());
        let method_id = intent.payment_method.clone().unwrap_or_default();
        let method = self.methods.get(&method_id)?;
        let mut method_details = json!({ "type": method.test.kind });
        method_details[method.test.kind] = method.charge_details(intent.amount);
        let detail = |name| intent.details.get(name).cloned().unwrap_or_default();
        let charge = Charge {
            id: id.clone(),
            created: context.now.seconds(),
            payment_intent: intent.id.clone(),
            payment_method: method_id,
            amount: intent.amount,
            amount_captured: if status == (ChargeStatus::Succeeded { captured: true }) { intent.amount } else { 0 },
            amount_refunded: 0,
            currency: intent.currency.clone(),
            status,
            disputed: false,
            released: false,
            metadata: intent.metadata.clone(),
            description: detail("description"),
            receipt_email: detail("receipt_email"),
            method_details,
            billing_details: method.billing_details(),
        };
        self.charges.insert(charge);
        self.tell_charge(context, &id, event_of(status))?;
        Ok(id)
    }

    /// The bank has answered at last.
    pub(super) fn settle_charge(&mut self, context: &Context, id: &str, status: ChargeStatus) -> Result<(), ApiError> {
        let charge = self.charges.get_mut(id)?;
        charge.status = status;
        charge.amount_captured = if charge.is_captured() { charge.amount } else { 0 };
        self.tell_charge(context, id, event_of(status))
    }

    /// Takes money that was authorized; the rest is released.
    pub(super) fn capture_charge(&mut self, context: &Context, id: &str, amount: i64) -> Result<(), ApiError> {
        let charge = self.charges.get_mut(id)?;
        charge.status = ChargeStatus::Succeeded { captured: true };
        charge.amount_captured = amount;
        self.tell_charge(context, id, "charge.captured")
    }

    /// Lets go of money that was authorized.
    pub(super) fn release_charge(&mut self, context: &Context, id: &str) -> Result<(), ApiError> {
        self.charges.get_mut(id)?.released = true;
        self.tell_charge(context, id, "charge.refunded")
    }

    /// Tells of a change of a charge.
    pub(super) fn tell_charge(&mut self, context: &Context, id: &str, kind: &str) -> Result<(), ApiError> {
        let view = self.charges.get(id)?.view();
        self.emit(context, kind, &view);
        Ok(())
    }

    /// `GET /v1/charges`.
    pub(super) fn list_charges(&self, form: &Form) -> Answer {
        Self::check_customer(form)?;
        self.charges.page(form, form.filled("payment_intent"), |_| true)
    }
}

const fn event_of(status: ChargeStatus) -> &'static str {
    match status {
        ChargeStatus::Pending => "charge.pending",
        ChargeStatus::Succeeded { .. } => "charge.succeeded",
        ChargeStatus::Failed(_) => "charge.failed",
    }
}
