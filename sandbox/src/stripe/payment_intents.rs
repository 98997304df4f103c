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
    /// What alone may be offered; anything when empty.
    pub allowed_payment_method_types: Vec<String>,
    /// Never offered, whatever the account has switched on.
    pub excluded_payment_method_types: Vec<String>,
    /// As the shop said them, by type.
    pub payment_method_options: Value,
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

/// Options of payment methods that are shown as they were said.
const SHOWN_OPTIONS: [&str; 6] =
    ["capture_method", "network", "request_three_d_secure", "setup_future_usage", "target_date", "verification_method"];

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
            "allowed_payment_method_types": given(&self.allowed_payment_method_types),
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
            "excluded_payment_method_types": given(&self.excluded_payment_method_types),
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

/// A list that was given; null otherwise.
fn given(types: &[String]) -> Option<&[String]> {
    Some(types).filter(|types| !types.is_empty())
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
            let mut options = match kind.as_str() {
                "card" => card.clone(),
                "link" => json!({ "persistent_token": null }),
                _ => json!({}),
            };
            for name in SHOWN_OPTIONS {
                if let Some(said) = self.payment_method_options[kind.as_str()][name].as_str() {
                    options[name] = said.into();
                }
            }
            (kind.clone(), options)
        });
        Value::Object(options.collect())
    }

    /// Takes over what a request says about payment methods.
    fn read_options(&mut self, form: &Form) {
        let said = form.group("payment_method_options").map(Form::to_json);
        for (kind, options) in said.as_ref().and_then(Value::as_object).into_iter().flatten() {
            self.payment_method_options[kind.as_str()] = options.clone();
        }
    }

    /// Whether the shop asks for 3-D Secure where the card's bank does not.
    fn requests_three_d_secure(&self) -> bool {
        let said = self.payment_method_options["card"]["request_three_d_secure"].as_str();
        matches!(said, Some("any" | "challenge"))
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
        Self::check_customer(form)?;
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
