//! Confirming: by the shop's server, or by a browser with the publishable key and the client secret.

use super::{PaymentIntent, Status};
use crate::stripe::{Answer, Context, Stripe, errors::ApiError, form::Form};

impl Stripe {
    /// `POST /v1/payment_intents/:id/confirm`.
    pub(in crate::stripe) fn confirm_intent(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let intent = self.intents.get(id)?;
        self.check_client_secret(context.public, id, form)?;
        may_confirm(intent)?;
        if intent.payment_method.is_none() {
            Self::check_return_url(context, intent, form)?;
        }
        let method = self.method_of(context, form)?;
        let mut changed = self.intents.get(id)?.clone();
        changed.read_method_types(form)?;
        changed.read_options(form);
        if let Some(method) = method.as_ref().or(changed.payment_method.as_ref()) {
            self.check_method(&changed, method)?;
            self.check_mandate(context, method, form)?;
        }
        let intent = self.intents.get_mut(id)?;
        *intent = changed;
        if method.is_some() {
            intent.payment_method = method;
            intent.authenticated = false;
        }
        if let Some(url) = form.filled("return_url") {
            intent.return_url = Some(url.to_owned());
        }
        if intent.payment_method.is_none() {
            let message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can \
                           either update the PaymentIntent with a payment method and then confirm it again, or \
                           confirm it again directly with a payment method or ConfirmationToken.";
            return Err(intent.unexpected_state(message.to_owned()));
        }
        let answer = self.attempt(context, id, form);
        if context.public { self.public_answer(id, answer) } else { answer }
    }

    /// A server that confirms an intent which may redirect has to say where to.
    pub(super) fn check_return_url(context: &Context, intent: &PaymentIntent, form: &Form) -> Result<(), ApiError> {
        let redirects = intent.automatic.is_some_and(|automatic| automatic.redirects);
        let told = form.filled("return_url").is_some() || intent.return_url.is_some();
        if context.public || !redirects || told || form.boolean("use_stripe_sdk")? == Some(true) {
            return Ok(());
        }
        let message = "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because \
                       some of these payment methods might redirect your customer off of your page, you must provide \
                       a `return_url`. If you don't want to accept redirect-based payment methods, set \
                       `automatic_payment_methods[enabled]` to `true` and \
                       `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and \
                       Payment Intents.";
        Err(ApiError::invalid("return_url", message))
    }

    fn public_answer(&self, id: &str, answer: Answer) -> Answer {
        let view = self.intents.get(id)?.public_view();
        match answer {
            Ok(_) => Ok(view),
            Err(error) if error.payment_intent.is_some() => Err(error.with_intent(view)),
            Err(error) => Err(error),
        }
    }
}

fn may_confirm(intent: &PaymentIntent) -> Result<(), ApiError> {
    if intent.status.is_open() {
        return Ok(());
    }
    let message = match intent.status {
        Status::Succeeded => {
            "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed."
                .to_owned()
        }
        status => format!(
            "You cannot confirm this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of \
             the following statuses may be confirmed: requires_confirmation, requires_action, requires_payment_method.",
            status.name()
        ),
    };
    Err(intent.unexpected_state(message))
}
