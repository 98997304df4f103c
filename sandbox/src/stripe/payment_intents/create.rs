//! Creating and updating PaymentIntents.

use serde_json::{Value, json};

use super::{Automatic, DETAILS, PaymentIntent, Status};
use crate::stripe::{Answer, Context, Stripe, collection::Resource, currency, errors::ApiError, form::Form, metadata};

const CAPTURE_METHODS: [&str; 3] = ["automatic", "automatic_async", "manual"];

impl Stripe {
    /// `POST /v1/payment_intents`.
    pub(in crate::stripe) fn create_intent(&mut self, context: &Context, form: &Form) -> Answer {
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
            self.check_mandate(context, intent.payment_method.as_deref().unwrap_or_default(), form)?;
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
        Self::check_customer(form)?;
        let metadata = metadata::merged(&std::collections::BTreeMap::new(), form)?;
        let automatic = automatic(form)?;
        let capture_method = form.one_of("capture_method", &CAPTURE_METHODS)?.unwrap_or("automatic_async").to_owned();
        let confirmation_method = form.one_of("confirmation_method", &["automatic", "manual"])?;
        let mut details = std::collections::BTreeMap::new();
        read_details(form, &mut details)?;
        let id = self.new_id("pi_3");
        let client_secret = self.new_id(&format!("{id}_secret_"));
        let mut intent = PaymentIntent {
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
            payment_method_types: Vec::new(),
            allowed_payment_method_types: Vec::new(),
            excluded_payment_method_types: Vec::new(),
            payment_method_options: form.group("payment_method_options").map(Form::to_json).unwrap_or_default(),
            automatic,
            latest_charge: None,
            next_action: None,
            return_url: form.filled("return_url").map(str::to_owned),
            last_payment_error: None,
            canceled_at: None,
            cancellation_reason: None,
            authenticated: false,
        };
        intent.read_method_types(form)?;
        currency::check_amount(intent.amount, &intent.currency, &intent.payment_method_types)?;
        Ok(intent)
    }

    /// `POST /v1/payment_intents/:id`: money only while it is open, labels always.
    pub(in crate::stripe) fn update_intent(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let mut intent = self.intents.get(id)?.clone();
        intent.metadata = metadata::merged(&intent.metadata, form)?;
        read_details(form, &mut intent.details)?;
        let money = ["amount", "currency", "capture_method", "payment_method", "payment_method_data"];
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
        Self::check_customer(form)?;
        intent.amount = form.integer("amount")?.unwrap_or(intent.amount);
        if let Some(method) = form.one_of("capture_method", &CAPTURE_METHODS)? {
            method.clone_into(&mut intent.capture_method);
        }
        intent.read_method_types(form)?;
        intent.read_options(form);
        currency::check_amount(intent.amount, &intent.currency, &intent.payment_method_types)?;
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

    /// The account has no customers: whoever names one is mistaken.
    pub(in crate::stripe) fn check_customer(form: &Form) -> Result<(), ApiError> {
        form.filled("customer").map_or(Ok(()), |id| Err(ApiError::no_such_param("customer", id, "customer")))
    }

    /// A bank is debited only with the customer's mandate. In a browser Stripe.js shows it, and says so by itself.
    pub(super) fn check_mandate(&self, context: &Context, method: &str, form: &Form) -> Result<(), ApiError> {
        let is_debit = self.methods.find(method).is_some_and(|method| method.test.kind != "card");
        let agreed = form.filled("mandate").is_some() || form.group("mandate_data").is_some();
        if !is_debit || agreed || context.public {
            return Ok(());
        }
        let message =
            "This payment method requires a mandate: pass mandate_data with the customer's acceptance, or a mandate.";
        Err(ApiError::coded("parameter_missing", "mandate_data", message))
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
        currency::check_payable_with(intent.amount, &intent.currency, kind, method.test.brand)
    }
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
    let Some(group) = form.group("automatic_payment_methods") else {
        // Since 2023-08-16 they are on unless they are switched off.
        return Ok(Some(Automatic { redirects: true }));
    };
    let enabled = group.boolean("enabled")?.ok_or_else(|| ApiError::missing("automatic_payment_methods[enabled]"))?;
    let redirects = group.one_of("allow_redirects", &["always", "never"])? != Some("never");
    Ok(enabled.then_some(Automatic { redirects }))
}

impl PaymentIntent {
    /// Takes over what a request says about payment method types, and finds those that are left: what the account takes
    /// in this currency and amount, if it is allowed and not excluded.
    pub(super) fn read_method_types(&mut self, form: &Form) -> Result<(), ApiError> {
        let mut refused = "payment_method_types";
        for (name, types) in [
            ("allowed_payment_method_types", &mut self.allowed_payment_method_types),
            ("excluded_payment_method_types", &mut self.excluded_payment_method_types),
        ] {
            if form.names().any(|given| given == name) {
                *types = form.list(name).into_iter().map(str::to_owned).collect();
                refused = name;
            }
        }
        let (allowed, excluded) = (&self.allowed_payment_method_types, &self.excluded_payment_method_types);
        let is_left = |kind: &&str| {
            let is_allowed = if allowed.is_empty() { *kind != "link" } else { allowed.iter().any(|one| one == kind) };
            is_allowed && !excluded.iter().any(|one| one == kind)
        };
        let left: Vec<&str> = offered(&self.currency, self.amount).filter(is_left).collect();
        if left.is_empty() {
            let message = "None of the payment method types of this account can be used for this PaymentIntent. Please \
                           review the types in your request.";
            return Err(ApiError::invalid(refused, message));
        }
        self.payment_method_types = left.into_iter().map(str::to_owned).collect();
        Ok(())
    }
}

/// The types that the account has switched on and that take this currency and amount; Link where it is asked for.
fn offered(currency: &str, amount: i64) -> impl Iterator<Item = &'static str> {
    let debit = match currency {
        "eur" => Some("sepa_debit"),
        "usd" => Some("us_bank_account"),
        _ => None,
    };
    let takes_it = |kind: &&str| currency::check_payable_with(amount, currency, kind, "").is_ok();
    ["card"]
        .into_iter()
        .chain(Some("link").filter(takes_it))
        .chain(debit.filter(takes_it))
        .collect::<Vec<_>>()
        .into_iter()
}

fn read_details(form: &Form, details: &mut std::collections::BTreeMap<&'static str, Value>) -> Result<(), ApiError> {
    for name in DETAILS {
        if name == "shipping"
            && let Some(group) = form.group(name)
        {
            details.insert(name, shipping(group)?);
        } else if let Some(text) = form.text(name) {
            if name == "receipt_email" && !text.is_empty() && !is_mail_address(text) {
                return Err(ApiError::coded("email_invalid", name, format!("Invalid email address: {text}")));
            }
            details.insert(name, if text.is_empty() { Value::Null } else { text.into() });
        }
    }
    Ok(())
}

/// Where to send the goods: name and address are required, and shown with every field.
fn shipping(group: &Form) -> Result<Value, ApiError> {
    if group.filled("name").is_none() {
        return Err(ApiError::missing("shipping[name]"));
    }
    let address = group.group("address").ok_or_else(|| ApiError::missing("shipping[address]"))?;
    let text = |form: &Form, name: &str| form.filled(name).map(Value::from).unwrap_or_default();
    let mut shipping = json!({ "address": {} });
    for name in ["city", "country", "line1", "line2", "postal_code", "state"] {
        shipping["address"][name] = text(address, name);
    }
    for name in ["carrier", "name", "phone", "tracking_number"] {
        shipping[name] = text(group, name);
    }
    Ok(shipping)
}

fn is_mail_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}
