//! PaymentIntents (`docs.stripe.com/api/payment_intents`): the object; what may happen to it is in the files below.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Stripe, collection::Resource, errors::ApiError, form::Form};

mod attempt;
mod confirm;
mod create;
mod finish;

/// Where a PaymentIntent stands (docs.stripe.com/payments/paymentintents/lifecycle).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Status {
    /// Stripe's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }

    /// Whether it can still be changed and confirmed.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::RequiresPaymentMethod | Self::RequiresConfirmation | Self::RequiresAction)
    }
}

/// A PaymentIntent.
#[derive(Clone, Debug)]
pub struct PaymentIntent {
    pub id: String,
    pub created: i64,
    pub amount: i64,
    pub amount_capturable: i64,
    pub amount_received: i64,
    pub currency: String,
    pub status: Status,
    pub capture_method: String,
    pub confirmation_method: String,
    pub client_secret: String,
    pub metadata: BTreeMap<String, String>,
    /// What Stripe only keeps and shows: description, receipt mail, shipping, …
    pub details: BTreeMap<&'static str, Value>,
    pub payment_method: Option<String>,
    pub payment_method_types: Vec<String>,
    pub automatic: Option<Automatic>,
    pub latest_charge: Option<String>,
    pub next_action: Option<Value>,
    pub return_url: Option<String>,
    pub last_payment_error: Option<Value>,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    /// 3-D Secure was passed, and the next confirmation may charge.
    pub authenticated: bool,
}

/// `automatic_payment_methods`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Automatic {
    /// Whether methods that leave the page are allowed.
    pub redirects: bool,
}

/// Fields that Stripe only keeps and shows.
pub const DETAILS: [&str; 9] = [
    "customer",
    "description",
    "on_behalf_of",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
];

/// What the publishable key may see.
const PUBLIC: [&str; 24] = [
    "id",
    "object",
    "amount",
    "amount_details",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "source",
    "status",
];

impl Resource for PaymentIntent {
    const OBJECT: &'static str = "payment_intent";
    const PATH: &'static str = "payment_intents";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn view(&self) -> Value {
        let automatic = self.automatic.map(|automatic| {
            json!({ "allow_redirects": if automatic.redirects { "always" } else { "never" }, "enabled": true })
        });
        let mut view = json!({
            "id": self.id,
            "object": "payment_intent",
            "allowed_payment_method_types": null,
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": { "tip": {} },
            "amount_received": self.amount_received,
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": self.confirmation_method,
            "created": self.created,
            "currency": self.currency,
            "customer_account": null,
            "excluded_payment_method_types": null,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "managed_payments": null,
            "metadata": self.metadata,
            "next_action": self.next_action,
            "payment_method": self.payment_method,
            "payment_method_configuration_details": null,
            "payment_method_options": self.options(),
            "payment_method_types": self.payment_method_types,
            "payment_record": null,
            "processing": null,
            "review": null,
            "source": null,
            "status": self.status.name(),
            "transfer_data": null,
        });
        for name in DETAILS {
            view[name] = self.details.get(name).cloned().unwrap_or_default();
        }
        view
    }
}

impl PaymentIntent {
    /// What a browser may see.
    pub fn public_view(&self) -> Value {
        let Value::Object(mut view) = self.view() else { return Value::Null };
        view.retain(|name, _| PUBLIC.contains(&name.as_str()));
        Value::Object(view)
    }

    fn options(&self) -> Value {
        let card = json!({
            "installments": null,
            "mandate_options": null,
            "network": null,
            "request_three_d_secure": "automatic",
        });
        let options = self.payment_method_types.iter().map(|kind| {
            let options = if kind == "card" { card.clone() } else { json!({}) };
            (kind.clone(), options)
        });
        Value::Object(options.collect())
    }

    /// 400 for a request that does not fit the status.
    fn unexpected_state(&self, message: String) -> ApiError {
        ApiError::state("payment_intent_unexpected_state", message).with_intent(self.view())
    }
}

impl Stripe {
    /// How many PaymentIntents there are.
    pub const fn payment_intent_count(&self) -> usize {
        self.intents.len()
    }

    /// `GET /v1/payment_intents/:id`; with the publishable key the client secret is needed too.
    pub(super) fn retrieve_intent(&self, public: bool, id: &str, form: &Form) -> Answer {
        let intent = self.intents.get(id)?;
        self.check_client_secret(public, id, form)?;
        Ok(if public { intent.public_view() } else { intent.view() })
    }

    /// `GET /v1/payment_intents`.
    pub(super) fn list_intents(&self, form: &Form) -> Answer {
        form.only(&["limit", "starting_after", "ending_before", "created", "customer"])?;
        let customer = form.filled("customer");
        self.intents.page(form, None, |intent| {
            customer.is_none_or(|customer| intent.details.get("customer").and_then(Value::as_str) == Some(customer))
        })
    }

    /// A client secret, where one is given or needed, must be the intent's own.
    fn check_client_secret(&self, public: bool, id: &str, form: &Form) -> Result<(), ApiError> {
        let intent = self.intents.get(id)?;
        match form.filled("client_secret") {
            Some(secret) if secret == intent.client_secret => Ok(()),
            None if !public => Ok(()),
            None => Err(ApiError::missing("client_secret")),
            Some(_) => {
                let message = "The client_secret provided does not match the client_secret associated with this \
                               PaymentIntent.";
                Err(ApiError::coded("payment_intent_invalid_parameter", "client_secret", message))
            }
        }
    }
}
