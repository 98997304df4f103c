//! Which call does what.

use http::Method;

use super::{
    Answer, Context, Stripe,
    auth::{self, Caller},
    collection::Resource,
    disputes::DisputeOutcome,
    errors::ApiError,
    form::Form,
};

impl Stripe {
    /// Carries out one call. `path` holds the segments after `/v1`.
    pub(super) fn dispatch(
        &mut self,
        context: &Context,
        caller: Caller,
        method: &Method,
        path: &[&str],
        form: &Form,
    ) -> Answer {
        match (method.as_str(), path) {
            ("GET", ["payment_intents", id]) if *id != "search" => self.retrieve_intent(context.public, id, form),
            ("POST", ["payment_intents", id, "confirm"]) => self.confirm_intent(context, id, form),
            ("POST", ["payment_methods"]) => self.create_method(context, form),
            _ if caller == Caller::Browser => Err(auth::secret_key_required()),
            ("POST", ["payment_intents"]) => self.create_intent(context, form),
            ("GET", ["payment_intents"]) => self.list_intents(form),
            ("POST", ["payment_intents", id]) => self.update_intent(context, id, form),
            ("POST", ["payment_intents", id, "capture"]) => self.capture_intent(context, id, form),
            ("POST", ["payment_intents", id, "cancel"]) => self.cancel_intent(context, id, form),
            ("GET", ["payment_methods", id]) => self.methods.get(id).map(Resource::view),
            ("GET", ["charges"]) => self.list_charges(form),
            ("GET", ["charges", id]) => self.charges.get(id).map(Resource::view),
            ("POST", ["refunds"]) => self.create_refund(context, form),
            ("GET", ["refunds"]) => self.list_refunds(form),
            ("GET", ["refunds", id]) => self.refunds.get(id).map(Resource::view),
            ("POST", ["refunds", id]) => self.update_refund(context, id, form),
            ("POST", ["refunds", id, "cancel"]) => self.cancel_refund(context, id),
            ("GET", ["disputes"]) => self.list_disputes(form),
            ("GET", ["disputes", id]) => self.disputes.get(id).map(Resource::view),
            ("POST", ["disputes", id]) => self.update_dispute(context, id, form),
            ("POST", ["disputes", id, "close"]) => self.close_dispute(context, id, DisputeOutcome::Lost),
            ("GET", ["events"]) => self.list_events(context, form),
            ("GET", ["events", id]) => self.retrieve_event(context, id),
            ("GET", ["webhook_endpoints"]) => Ok(self.list_endpoints()),
            ("POST", ["webhook_endpoints"]) => self.create_endpoint(context, form),
            ("GET", ["webhook_endpoints", id]) => self.retrieve_endpoint(id),
            ("POST", ["webhook_endpoints", id]) => self.update_endpoint(id, form),
            ("DELETE", ["webhook_endpoints", id]) => self.delete_endpoint(id),
            _ => Err(ApiError::unknown_url(method.as_str(), &format!("/v1/{}", path.join("/")))),
        }
    }
}
