//! What people do elsewhere, under `/_sandbox/stripe/`: banks, customers, Stripe's dashboard.

use bytes::Bytes;
use domain::Timestamp;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use super::{
    Answer, Context, Stripe,
    collection::{Collection, Stored},
    errors::ApiError,
    form::Form,
    refunds::RefundStatus,
};
use crate::{StandIn as _, answer};

/// So many objects of a type are shown by `state`.
const SHOWN: usize = 200;

impl Stripe {
    pub(super) fn handle_control(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        path: &[&str],
    ) -> Response<Bytes> {
        let context = Context::of_control(now, request);
        let form = params(request);
        let result = if request.method() == Method::POST {
            self.act(&context, path, &form)
        } else {
            match path {
                ["state"] => Ok(self.state()),
                _ => Err(ApiError::unknown_url(request.method().as_str(), request.uri().path())),
            }
        };
        result.map_or_else(|error| error.response(), |view| answer::json(200, &view))
    }

    fn act(&mut self, context: &Context, path: &[&str], form: &Form) -> Answer {
        match path {
            ["payment_intents", id, "authenticate"] => {
                let passed = form.one_of("outcome", &["success", "fail"])? != Some("fail");
                self.authenticate(context, id, passed)
            }
            ["payment_intents", id, "settle"] => {
                let told = form.one_of("outcome", &["success", "fail"])?.map(|outcome| outcome == "success");
                self.settle(context, id, told)
            }
            ["payment_intents", id, "pay"] => self.pay_as_browser(context, id, form),
            ["payment_intents", id, "cancel"] => self.cancel_intent(context, id, form),
            ["payment_intents", id, "capture"] => self.capture_intent(context, id, form),
            ["refunds"] => self.create_refund(context, form),
            ["refunds", id, "settle"] => self.settle_refund(context, id, refund_outcome(form)?),
            ["refunds", id, "fail"] => self.settle_refund(context, id, RefundStatus::Failed),
            ["disputes"] => {
                let id = form.filled("payment_intent").ok_or_else(|| ApiError::missing("payment_intent"))?;
                let charge = self.intents.get(id)?.latest_charge.clone().unwrap_or_default();
                let reason = form.filled("reason").unwrap_or("fraudulent").to_owned();
                self.open_dispute(context, &charge, form.integer("amount")?, &reason)
            }
            ["disputes", id, "close"] => {
                let outcome = form.one_of("outcome", &["won", "lost"])?.ok_or_else(|| ApiError::missing("outcome"))?;
                self.close_dispute(context, id, outcome == "won")
            }
            ["events", id, "resend"] => self.resend_event(id),
            ["webhook_endpoints", id, "roll_secret"] => self.roll_secret(context, id, form),
            _ => Err(ApiError::unknown_url("POST", &format!("/_sandbox/stripe/{}", path.join("/")))),
        }
    }

    /// Confirms as the customer's browser does, with the publishable key and the client secret.
    fn pay_as_browser(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let secret = self.intents.get(id)?.client_secret.clone();
        let method = form.filled("payment_method").unwrap_or("pm_card_visa");
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("key", &self.settings.publishable_key)
            .append_pair("client_secret", &secret)
            .append_pair("payment_method", method)
            .finish();
        let request =
            Request::post(format!("{}/v1/payment_intents/{id}/confirm", context.origin)).body(Bytes::from(body));
        let request = request.map_err(|_| ApiError::missing("host"))?;
        let response = self.handle(context.now, &request);
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        // A decline is an outcome, not a failure of the control.
        if answer["error"]["payment_intent"].is_object() { self.intents.get(id).map(Stored::view) } else { Ok(answer) }
    }

    fn state(&self) -> Value {
        fn newest<T: Stored>(items: &Collection<T>) -> Value {
            items.newest_first().take(SHOWN).map(Stored::view).collect()
        }
        json!({
            "payment_intents": newest(&self.intents),
            "charges": newest(&self.charges),
            "refunds": newest(&self.refunds),
            "disputes": newest(&self.disputes),
            "events": newest(&self.events),
            "webhook_endpoints": self.list_endpoints()["data"],
            "counts": {
                "payment_intents": self.intents.len(),
                "charges": self.charges.len(),
                "refunds": self.refunds.len(),
                "disputes": self.disputes.len(),
                "events": self.events.len(),
            },
        })
    }
}

fn refund_outcome(form: &Form) -> Result<RefundStatus, ApiError> {
    Ok(match form.one_of("outcome", &["success", "fail", "requires_action"])? {
        Some("fail") => RefundStatus::Failed,
        Some("requires_action") => RefundStatus::RequiresAction,
        _ => RefundStatus::Succeeded,
    })
}

/// Programs send JSON, pages send forms.
fn params(request: &Request<Bytes>) -> Form {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Form::parse(request.body());
    }
    Form::from_json(&serde_json::from_slice(request.body()).unwrap_or_default())
}
