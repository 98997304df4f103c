//! Creating and updating PaymentIntents.

use serde_json::Value;

use super::{Automatic, DETAILS, PaymentIntent, Status};
use crate::stripe::{Answer, Context, Stripe, collection::Resource, currency, errors::ApiError, form::Form, metadata};

const CAPTURE_METHODS: [&str; 3] = ["automatic", "automatic_async", "manual"];
const METHOD_TYPES: [&str; 4] = ["card", "link", "sepa_debit", "us_bank_account"];

/// What may be said when an intent is made, beyond the details.
const CREATE: [&str; 20] = [
    "amount",
    "automatic_payment_methods",
    "excluded_payment_method_types",
    "capture_method",
    "confirm",
    "confirmation_method",
    "currency",
    "error_on_requires_action",
    "key",
    "mandate_data",
    "metadata",
    "off_session",
    "payment_method",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "radar_options",
    "return_url",
    "use_stripe_sdk",
];

/// What may be changed later, beyond the details.
const UPDATE: [&str; 9] = [
    "amount",
    "capture_method",
    "currency",
    "metadata",
    "payment_method",
    "payment_method_configuration",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
];

impl Stripe {
    /// `POST /v1/payment_intents`.
    pub(in crate::stripe) fn create_intent(&mut self, context: &Context, form: &Form) -> Answer {
        known(form, &CREATE)?;
        let mut intent = self.draft(context, form)?;
        let confirm = form.boolean("confirm")?.unwrap_or(false);
        if !confirm {
            refuse_confirmation_params(form)?;
        }
        let method = self.method_of(context, form)?;
        if let Some(method) = &method {
            self.check_method(&intent, method)?;
        }
        if method.is_some() {
            intent.status = Status::RequiresConfirmation;
            intent.payment_method = method;
        }
        if confirm {
            Self::check_return_url(context, &intent, form)?;
        }
        let id = intent.id.clone();
        let mut as_created = intent.clone();
        if confirm && as_created.payment_method.is_none() {
            let message = "You cannot confirm this PaymentIntent because it's missing a payment method.";
            return Err(ApiError::coded("parameter_missing", "payment_method", message));
        }
        as_created.status =
            if as_created.payment_method.is_some() { Status::RequiresConfirmation } else { intent.status };
        self.intents.insert(intent);
        self.emit(context, "payment_intent.created", &as_created.view());
        if confirm {
            return self.attempt(context, &id, form);
        }
        self.intents.get(&id).map(Resource::view)
    }

    fn draft(&mut self, context: &Context, form: &Form) -> Result<PaymentIntent, ApiError> {
        let amount = form.integer("amount")?.ok_or_else(|| ApiError::missing("amount"))?;
        let currency = currency::parse(form.filled("currency").ok_or_else(|| ApiError::missing("currency"))?)?;
        currency::check_amount(amount, &currency)?;
        let metadata = metadata::merged(&std::collections::BTreeMap::new(), form)?;
        let automatic = automatic(form)?;
        let payment_method_types = method_types(form, &currency)?;
        let capture_method = form.one_of("capture_method", &CAPTURE_METHODS)?.unwrap_or("automatic_async").to_owned();
        let confirmation_method = form.one_of("confirmation_method", &["automatic", "manual"])?;
        let mut details = std::collections::BTreeMap::new();
        read_details(form, &mut details)?;
        let id = self.new_id("pi_3");
        let client_secret = self.new_id(&format!("{id}_secret_"));
        Ok(PaymentIntent {
            id,
            created: context.now.seconds(),
            amount,
            amount_capturable: 0,
            amount_received: 0,
            currency,
            status: Status::RequiresPaymentMethod,
            capture_method,
            confirmation_method: confirmation_method.unwrap_or("automatic").to_owned(),
            client_secret,
            metadata,
            details,
            payment_method: None,
            payment_method_types,
            automatic,
            latest_charge: None,
            next_action: None,
            return_url: form.filled("return_url").map(str::to_owned),
            last_payment_error: None,
            canceled_at: None,
            cancellation_reason: None,
            authenticated: false,
        })
    }

    /// `POST /v1/payment_intents/:id`: money only while it is open, labels always.
    pub(in crate::stripe) fn update_intent(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let mut intent = self.intents.get(id)?.clone();
        known(form, &UPDATE)?;
        intent.metadata = metadata::merged(&intent.metadata, form)?;
        read_details(form, &mut intent.details)?;
        let money =
            ["amount", "currency", "capture_method", "payment_method", "payment_method_data", "payment_method_types"];
        if !intent.status.is_open()
            && let Some(name) = form.names().find(|name| money.contains(name))
        {
            let message = format!(
                "This PaymentIntent's {name} could not be updated because it has a status of {}. You may only update \
                 the {name} of a PaymentIntent with one of the following statuses: requires_payment_method, \
                 requires_confirmation, requires_action.",
                intent.status.name()
            );
            return Err(intent.unexpected_state(message));
        }
        if let Some(text) = form.filled("currency") {
            intent.currency = currency::parse(text)?;
        }
        intent.amount = form.integer("amount")?.unwrap_or(intent.amount);
        currency::check_amount(intent.amount, &intent.currency)?;
        if let Some(method) = form.one_of("capture_method", &CAPTURE_METHODS)? {
            method.clone_into(&mut intent.capture_method);
        }
        if form.group("payment_method_types").is_some() {
            intent.payment_method_types = method_types(form, &intent.currency)?;
        }
        if let Some(method) = self.method_of(context, form)? {
            self.check_method(&intent, &method)?;
            intent.payment_method = Some(method);
            intent.status = Status::RequiresConfirmation;
            intent.next_action = None;
            intent.authenticated = false;
        }
        let view = intent.view();
        *self.intents.get_mut(id)? = intent;
        Ok(view)
    }

    /// A payment method must be of a type and for a currency that the intent takes.
    pub(super) fn check_method(&self, intent: &PaymentIntent, method: &str) -> Result<(), ApiError> {
        let Some(method) = self.methods.find(method) else { return Ok(()) };
        let kind = method.test.kind;
        if !intent.payment_method_types.iter().any(|known| known == kind) {
            let message = format!(
                "The PaymentMethod provided ({kind}) is not allowed for this PaymentIntent. Please attach a \
                 PaymentMethod of one of the following types: {}.",
                intent.payment_method_types.join(", ")
            );
            return Err(ApiError::coded("payment_intent_incompatible_payment_method", "payment_method", message));
        }
        let only = match kind {
            "sepa_debit" => Some("eur"),
            "us_bank_account" => Some("usd"),
            _ => None,
        };
        if only.is_some_and(|only| only != intent.currency) {
            let message = format!("The currency provided ({}) is invalid for {kind}.", intent.currency);
            return Err(ApiError::coded("payment_method_currency_mismatch", "payment_method", message));
        }
        Ok(())
    }
}

fn known(form: &Form, names: &[&str]) -> Result<(), ApiError> {
    form.only(&[names, &DETAILS].concat())
}

/// These make sense only together with `confirm=true`.
fn refuse_confirmation_params(form: &Form) -> Result<(), ApiError> {
    for name in ["return_url", "off_session", "error_on_requires_action", "mandate_data"] {
        if form.names().any(|given| given == name) {
            let message = format!(
                "The parameter {name} cannot be passed when creating a PaymentIntent unless confirm is set to true."
            );
            return Err(ApiError::invalid(name, message));
        }
    }
    Ok(())
}

fn automatic(form: &Form) -> Result<Option<Automatic>, ApiError> {
    let explicit = form.group("payment_method_types").is_some();
    let Some(group) = form.group("automatic_payment_methods") else {
        // Since 2023-08-16 they are on unless types are named.
        return Ok((!explicit).then_some(Automatic { redirects: true }));
    };
    let enabled = group.boolean("enabled")?.ok_or_else(|| ApiError::missing("automatic_payment_methods[enabled]"))?;
    if enabled && explicit {
        let message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.";
        return Err(ApiError::invalid("automatic_payment_methods", message));
    }
    let redirects = group.one_of("allow_redirects", &["always", "never"])? != Some("never");
    Ok(enabled.then_some(Automatic { redirects }))
}

fn method_types(form: &Form, currency: &str) -> Result<Vec<String>, ApiError> {
    let named = form.list("payment_method_types");
    if let Some(unknown) = named.iter().find(|kind| !METHOD_TYPES.contains(kind)) {
        let message = format!("The payment method type provided: {unknown} is invalid.");
        return Err(ApiError::coded("payment_intent_invalid_parameter", "payment_method_types", message));
    }
    if !named.is_empty() {
        return Ok(named.into_iter().map(str::to_owned).collect());
    }
    let debit = match currency {
        "eur" => Some("sepa_debit"),
        "usd" => Some("us_bank_account"),
        _ => None,
    };
    Ok(["card"].into_iter().chain(debit).map(str::to_owned).collect())
}

fn read_details(form: &Form, details: &mut std::collections::BTreeMap<&'static str, Value>) -> Result<(), ApiError> {
    for name in DETAILS {
        if let Some(group) = form.group(name) {
            details.insert(name, group.to_json());
        } else if let Some(text) = form.text(name) {
            if name == "receipt_email" && !text.is_empty() && !is_mail_address(text) {
                return Err(ApiError::coded("email_invalid", name, format!("Invalid email address: {text}")));
            }
            details.insert(name, if text.is_empty() { Value::Null } else { text.into() });
        }
    }
    Ok(())
}

fn is_mail_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}
