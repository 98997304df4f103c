//! One attempt to take the money, and what comes of it: at once, after 3-D Secure, or days later.

use std::time::Duration;

use serde_json::json;

use super::Status;
use crate::stripe::{
    Answer, Context, Stripe, Timer,
    cards::{Aftermath, Behaviour, Decline},
    charges::ChargeStatus,
    collection::Resource,
    disputes::NewDispute,
    errors::ApiError,
    form::Form,
};

impl Stripe {
    /// Charges the intent's payment method.
    pub(super) fn attempt(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let intent = self.intents.get_mut(id)?;
        intent.next_action = None;
        let authenticated = std::mem::take(&mut intent.authenticated);
        let requested = intent.requests_three_d_secure();
        let method = intent.payment_method.clone().unwrap_or_default();
        let behaviour = self.methods.get(&method)?.test.behaviour;
        match behaviour {
            Behaviour::Succeeds => self.pay(context, id),
            Behaviour::Declines(decline) => self.decline(context, id, decline),
            Behaviour::AuthenticatesOnRequest(_) if !requested => self.pay(context, id),
            Behaviour::Authenticates(decline) | Behaviour::AuthenticatesOnRequest(decline) => match decline {
                _ if !authenticated => self.ask_for_authentication(context, id, form),
                Some(decline) => self.decline(context, id, decline),
                None => self.pay(context, id),
            },
            Behaviour::Processes(_) => self.process(context, id),
        }
    }

    fn pay(&mut self, context: &Context, id: &str) -> Answer {
        let manual = self.intents.get(id)?.capture_method == "manual";
        let charge = self.create_charge(context, id, ChargeStatus::Succeeded { captured: !manual })?;
        let intent = self.intents.get_mut(id)?;
        intent.last_payment_error = None;
        if manual {
            intent.status = Status::RequiresCapture;
            intent.amount_capturable = intent.amount;
            return self.changed(context, id, "payment_intent.amount_capturable_updated");
        }
        self.succeed(context, id, &charge)
    }

    /// The money is there.
    pub(super) fn succeed(&mut self, context: &Context, id: &str, charge: &str) -> Answer {
        let received = self.charges.get(charge)?.amount_captured;
        let intent = self.intents.get_mut(id)?;
        intent.status = Status::Succeeded;
        intent.amount_capturable = 0;
        intent.amount_received = received;
        let view = self.changed(context, id, "payment_intent.succeeded")?;
        let method = self.intents.get(id)?.payment_method.clone().unwrap_or_default();
        let aftermath = self.methods.find(&method).map_or(Aftermath::None, |method| method.test.aftermath);
        self.dispute_by_itself(context, charge, aftermath)?;
        Ok(view)
    }

    fn dispute_by_itself(&mut self, context: &Context, charge: &str, aftermath: Aftermath) -> Result<(), ApiError> {
        let whole = |reason, inquiry| NewDispute { amount: None, currency: None, reason, inquiry };
        match aftermath {
            Aftermath::Dispute(reason) => self.open_dispute(context, charge, &whole(reason, false)).map(drop),
            Aftermath::Inquiry => self.open_dispute(context, charge, &whole("fraudulent", true)).map(drop),
            Aftermath::TwoDisputes => {
                let amount = self.charges.get(charge)?.amount_captured;
                for part in [amount / 2, amount - amount / 2] {
                    let opening = NewDispute { amount: Some(part), ..whole("fraudulent", false) };
                    self.open_dispute(context, charge, &opening)?;
                }
                Ok(())
            }
            Aftermath::None | Aftermath::RefundFails | Aftermath::RefundPends => Ok(()),
        }
    }

    fn decline(&mut self, context: &Context, id: &str, decline: Decline) -> Answer {
        let charge = self.create_charge(context, id, ChargeStatus::Failed(decline))?;
        let mut error = ApiError::declined(decline);
        error.charge = Some(charge);
        self.fail(context, id, &error)?;
        Err(error.with_intent(self.intents.get(id)?.view()))
    }

    /// Back to the start: another payment method is needed.
    fn fail(&mut self, context: &Context, id: &str, error: &ApiError) -> Answer {
        let method = self.intents.get_mut(id)?.payment_method.take();
        let mut object = error.object();
        object["payment_method"] = method.and_then(|id| self.methods.find(&id)).map(Resource::view).unwrap_or_default();
        let intent = self.intents.get_mut(id)?;
        intent.last_payment_error = Some(object);
        intent.status = Status::RequiresPaymentMethod;
        intent.next_action = None;
        self.changed(context, id, "payment_intent.payment_failed")
    }

    fn ask_for_authentication(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        if form.boolean("error_on_requires_action")? == Some(true) {
            return self.decline(context, id, NOT_HANDLED);
        }
        if form.filled("off_session").is_some_and(|absent| absent != "false") {
            return self.decline(context, id, ABSENT);
        }
        let intent = self.intents.get_mut(id)?;
        let url = format!("{}/_sandbox/stripe/payment_intents/{id}/authenticate", context.origin);
        intent.status = Status::RequiresAction;
        intent.next_action = Some(match &intent.return_url {
            Some(return_url) if form.boolean("use_stripe_sdk")? != Some(true) => json!({
                "type": "redirect_to_url",
                "redirect_to_url": { "return_url": return_url, "url": url },
            }),
            _ => json!({
                "type": "use_stripe_sdk",
                "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": url, "source": id },
            }),
        });
        self.changed(context, id, "payment_intent.requires_action")
    }

    fn process(&mut self, context: &Context, id: &str) -> Answer {
        self.create_charge(context, id, ChargeStatus::Pending)?;
        self.intents.get_mut(id)?.status = Status::Processing;
        if let Some(millis) = self.settings.settle_after_ms {
            self.at(context.now.plus(Duration::from_millis(millis)), Timer::Settle(id.to_owned(), None));
        }
        self.changed(context, id, "payment_intent.processing")
    }

    /// What the customer did on the bank's page.
    pub(in crate::stripe) fn authenticate(&mut self, context: &Context, id: &str, passed: bool) -> Answer {
        let intent = self.intents.get_mut(id)?;
        if intent.status != Status::RequiresAction {
            let status = intent.status.name();
            return Err(intent.unexpected_state(format!("Nothing to authenticate: the status is {status}.")));
        }
        if !passed {
            let message = "We are unable to authenticate your payment method. Please choose a different payment \
                           method and try again.";
            let error = ApiError::card("payment_intent_authentication_failure", None, message);
            return self.fail(context, id, &error);
        }
        intent.authenticated = true;
        if intent.confirmation_method == "manual" {
            intent.status = Status::RequiresConfirmation;
            intent.next_action = None;
            return Ok(intent.view());
        }
        // A decline after 3-D Secure shows in the intent; the customer's page call itself went well.
        match self.attempt(context, id, &Form::default()) {
            Err(error) if error.status == 402 => self.intents.get(id).map(Resource::view),
            answer => answer,
        }
    }

    /// Ends a bank debit: as its test account says, or as requested.
    pub(in crate::stripe) fn settle(&mut self, context: &Context, id: &str, told: Option<bool>) -> Answer {
        let intent = self.intents.get(id)?;
        if intent.status != Status::Processing {
            let message = format!("Nothing to settle: the status is {}.", intent.status.name());
            return Err(intent.unexpected_state(message));
        }
        let method = intent.payment_method.clone().unwrap_or_default();
        let charge = intent.latest_charge.clone().unwrap_or_default();
        let Behaviour::Processes(decline) = self.methods.get(&method)?.test.behaviour else {
            return Ok(self.intents.get(id)?.view());
        };
        let decline = match told {
            Some(true) => None,
            Some(false) => Some(decline.unwrap_or(RETURNED)),
            None => decline,
        };
        let Some(decline) = decline else {
            self.settle_charge(context, &charge, ChargeStatus::Succeeded { captured: true })?;
            return self.succeed(context, id, &charge);
        };
        self.settle_charge(context, &charge, ChargeStatus::Failed(decline))?;
        let mut error = ApiError::declined(decline);
        error.charge = Some(charge);
        self.fail(context, id, &error)
    }

    /// Tells of a change and gives the object as it is now.
    pub(super) fn changed(&mut self, context: &Context, id: &str, kind: &str) -> Answer {
        let view = self.intents.get(id)?.view();
        self.emit(context, kind, &view);
        Ok(view)
    }
}

/// Nobody is there to pass 3-D Secure.
const ABSENT: Decline = Decline {
    code: "authentication_required",
    reason: Some("authentication_required"),
    param: None,
    message: "Your card was declined. This transaction requires authentication.",
};
/// The shop cannot lead the customer to 3-D Secure (docs.stripe.com/payments/without-card-authentication).
const NOT_HANDLED: Decline = Decline {
    code: "authentication_required",
    reason: Some("authentication_not_handled"),
    param: None,
    message: "This payment required an authentication action to complete, but `error_on_requires_action` was set. When \
              you're ready, you can upgrade your integration to handle actions at \
              https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",
};
/// The customer's bank returns a debit.
pub(super) const RETURNED: Decline = Decline {
    code: "payment_intent_payment_attempt_failed",
    reason: Some("debit_not_authorized"),
    param: None,
    message: "The customer's bank returned the debit.",
};
