//! Capturing and cancelling.

use super::{Status, attempt::RETURNED};
use crate::stripe::{Answer, Context, Stripe, charges::ChargeStatus, currency, errors::ApiError, form::Form, metadata};

const REASONS: [&str; 4] = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];

impl Stripe {
    /// `POST /v1/payment_intents/:id/capture`.
    pub(in crate::stripe) fn capture_intent(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let intent = self.intents.get(id)?;
        let metadata = metadata::merged(&intent.metadata, form)?;
        if intent.status != Status::RequiresCapture {
            let message = format!(
                "This PaymentIntent could not be captured because it has a status of {}. Only a PaymentIntent with \
                 one of the following statuses may be captured: requires_capture.",
                intent.status.name()
            );
            return Err(intent.unexpected_state(message));
        }
        let amount = form.integer("amount_to_capture")?.unwrap_or(intent.amount_capturable);
        if amount < 1 {
            let message = "This value must be greater than or equal to 1.";
            return Err(ApiError::coded("parameter_invalid_integer", "amount_to_capture", message));
        }
        if amount > intent.amount_capturable {
            let most = currency::format(intent.amount_capturable, &intent.currency);
            let message = format!("The amount to capture is greater than the {most} that can be captured.");
            return Err(ApiError::state("amount_too_large", message).at("amount_to_capture"));
        }
        let charge = intent.latest_charge.clone().unwrap_or_default();
        self.intents.get_mut(id)?.metadata = metadata;
        self.capture_charge(context, &charge, amount)?;
        self.succeed(context, id, &charge)
    }

    /// `POST /v1/payment_intents/:id/cancel`: what was authorized is released.
    pub(in crate::stripe) fn cancel_intent(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let intent = self.intents.get(id)?;
        let reason = form.one_of("cancellation_reason", &REASONS)?.map(str::to_owned);
        let pending = intent.status == Status::Processing && self.settings.cancel_processing;
        if matches!(intent.status, Status::Succeeded | Status::Canceled | Status::Processing) && !pending {
            let message = format!(
                "You cannot cancel this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of \
                 the following statuses may be canceled: requires_payment_method, requires_capture, \
                 requires_confirmation, requires_action, processing.",
                intent.status.name()
            );
            return Err(intent.unexpected_state(message));
        }
        if pending {
            let charge = intent.latest_charge.clone().unwrap_or_default();
            self.settle_charge(context, &charge, ChargeStatus::Failed(RETURNED))?;
        }
        let intent = self.intents.get(id)?;
        let authorized = (intent.status == Status::RequiresCapture).then(|| intent.latest_charge.clone()).flatten();
        if let Some(charge) = authorized {
            self.release_charge(context, &charge)?;
        }
        let intent = self.intents.get_mut(id)?;
        intent.status = Status::Canceled;
        intent.canceled_at = Some(context.now.seconds());
        intent.cancellation_reason = reason;
        intent.amount_capturable = 0;
        intent.next_action = None;
        self.changed(context, id, "payment_intent.canceled")
    }
}
