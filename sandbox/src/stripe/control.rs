//! What people do elsewhere, under `/_sandbox/stripe/`: banks, customers, Stripe's dashboard.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

use super::{
    Answer, Context, Stripe, Timer,
    collection::{Collection, Resource},
    disputes::{DisputeOutcome, NewDispute},
    errors::ApiError,
    form::Form,
    refunds::RefundStatus,
};
use crate::answer;

/// How many objects of a type `state` shows.
const SHOWN: usize = 200;

impl Stripe {
    pub(super) fn handle_control(
        &mut self,
        now: Timestamp,
        request: &Request<Bytes>,
        path: &[&str],
    ) -> Response<Bytes> {
        let context = Context::of_control(now, request);
        match (request.method(), path) {
            (&Method::GET, []) => self.page(),
            (&Method::GET, ["payment_intents", id, "authenticate"]) => self.authentication_page(id),
            (&Method::GET, ["state"]) => answer::json(200, &self.state()),
            (&Method::GET, ["balances"]) => answer::json(200, &self.balances().collect::<Vec<_>>()),
            (&Method::POST, path) => {
                let result = self.act(&context, path, &params(request));
                if is_button(request) {
                    return self.after_button(path, &result);
                }
                result.map_or_else(|error| error.response(), |view| answer::json(200, &view))
            }
            (method, _) => ApiError::unknown_url(method.as_str(), request.uri().path()).response(),
        }
    }

    fn act(&mut self, context: &Context, path: &[&str], form: &Form) -> Answer {
        match path {
            ["payment_intents", id, "authenticate"] => {
                let passed = form.one_of("outcome", &["success", "fail"])? != Some("fail");
                self.authenticate(context, id, passed)
            }
            ["payment_intents"] => self.pay_elsewhere(context, form),
            ["payment_intents", id] => self.update_intent(context, id, form),
            ["payment_intents", id, "settle"] => {
                let told = form.one_of("outcome", &["success", "fail"])?.map(|outcome| outcome == "success");
                match later(context, form)? {
                    Some(due) => self.settle_at(due, id, told),
                    None => self.settle(context, id, told),
                }
            }
            ["payment_intents", id, "pay"] => self.pay_as_browser(context, id, form),
            ["payment_intents", id, "cancel"] => self.cancel_intent(context, id, form),
            ["payment_intents", id, "capture"] => self.capture_intent(context, id, form),
            ["refunds"] => self.create_refund(context, form),
            ["refunds", id, "settle"] => self.end_refund(context, id, form, refund_outcome(form)?),
            ["refunds", id, "fail"] => self.end_refund(context, id, form, RefundStatus::Failed),
            ["disputes"] => self.dispute_intent(context, form),
            ["disputes", id, "review"] => self.review_dispute(context, id),
            ["disputes", id, "escalate"] => self.escalate_dispute(context, id),
            ["disputes", id, "appeal"] => self.appeal_dispute(context, id),
            ["disputes", id, "prevent"] => {
                let resolved = form.one_of("by", &["block", "resolution"])? == Some("resolution");
                let outcome = if resolved { DisputeOutcome::Resolved } else { DisputeOutcome::Blocked };
                self.close_dispute(context, id, outcome)
            }
            ["disputes", id, "close"] => {
                let inquiry = self.disputes.get(id)?.status.is_inquiry();
                let outcome = form.one_of("outcome", &["won", "lost"])?;
                let outcome = outcome.or(inquiry.then_some("won")).ok_or_else(|| ApiError::missing("outcome"))?;
                let outcome = if outcome == "won" { DisputeOutcome::Won } else { DisputeOutcome::Lost };
                self.close_dispute(context, id, outcome)
            }
            ["cancel_processing"] => {
                form.only(&["enabled"])?;
                self.settings.cancel_processing = form.boolean("enabled")?.unwrap_or(false);
                Ok(json!({ "enabled": self.settings.cancel_processing }))
            }
            ["settlement"] => self.set_settlement(form),
            ["limits"] => self.set_limits(form),
            ["events", id, "resend"] => self.resend_event(id),
            ["webhook_endpoints", id, "roll_secret"] => self.roll_secret(context, id, form),
            _ => Err(ApiError::unknown_url("POST", &format!("/_sandbox/stripe/{}", path.join("/")))),
        }
    }

    /// A payment that the shop did not request: any amount, currency and metadata, paid at once or as its payment
    /// method does.
    fn pay_elsewhere(&mut self, context: &Context, form: &Form) -> Answer {
        let mut form = form.clone();
        form.preset("payment_method", "pm_card_visa");
        form.preset("return_url", "http://shop.test/elsewhere");
        form.preset("confirm", "true");
        form.preset("mandate", "mandate_elsewhere");
        match self.create_intent(context, &form) {
            // A decline is an outcome, not a failure of the control.
            Err(error) if error.status == 402 => Ok(error.payment_intent.map(|intent| *intent).unwrap_or_default()),
            answer => answer,
        }
    }

    fn settle_at(&mut self, due: Timestamp, id: &str, told: Option<bool>) -> Answer {
        let view = self.intents.get(id)?.view();
        self.at(due, Timer::Settle(id.to_owned(), told));
        Ok(view)
    }

    /// A refund comes to its end, now or later.
    fn end_refund(&mut self, context: &Context, id: &str, form: &Form, status: RefundStatus) -> Answer {
        let Some(due) = later(context, form)? else { return self.settle_refund(context, id, status) };
        let view = self.refunds.get(id)?.view();
        self.at(due, Timer::Refund(id.to_owned(), status));
        Ok(view)
    }

    fn dispute_intent(&mut self, context: &Context, form: &Form) -> Answer {
        let id = form.filled("payment_intent").ok_or_else(|| ApiError::missing("payment_intent"))?;
        let charge = self.intents.get(id)?.latest_charge.clone().unwrap_or_default();
        let opening = NewDispute {
            amount: form.integer("amount")?,
            currency: form.filled("currency"),
            reason: form.filled("reason").unwrap_or("fraudulent"),
            inquiry: form.boolean("inquiry")?.unwrap_or(false),
        };
        self.open_dispute(context, &charge, &opening)
    }

    /// Confirms as the customer's browser does, with the client secret.
    fn pay_as_browser(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let secret = self.intents.get(id)?.client_secret.clone();
        let method = form.filled("payment_method").unwrap_or("pm_card_visa");
        let params = Form::from_json(&json!({ "client_secret": secret, "payment_method": method }));
        let context = Context { public: true, ..context.clone() };
        match self.confirm_intent(&context, id, &params) {
            // A decline is an outcome, not a failure of the control.
            Err(error) if error.status == 402 => self.intents.get(id).map(Resource::view),
            answer => answer,
        }
    }

    fn state(&self) -> Value {
        fn newest<T: Resource>(items: &Collection<T>) -> Value {
            items.newest_first().take(SHOWN).map(Resource::view).collect()
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

/// The moment that `in_seconds` names.
fn later(context: &Context, form: &Form) -> Result<Option<Timestamp>, ApiError> {
    let seconds = form.integer("in_seconds")?.and_then(|seconds| u64::try_from(seconds).ok());
    Ok(seconds.map(|seconds| context.now.plus(Duration::from_secs(seconds))))
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
    if is_form(request) {
        return Form::parse(request.body());
    }
    Form::from_json(&serde_json::from_slice(request.body()).unwrap_or_default())
}

fn is_form(request: &Request<Bytes>) -> bool {
    header_contains(request, &header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// A browser with a page open wants another page.
fn is_button(request: &Request<Bytes>) -> bool {
    is_form(request) && header_contains(request, &header::ACCEPT, "text/html")
}

fn header_contains(request: &Request<Bytes>, name: &header::HeaderName, part: &str) -> bool {
    request.headers().get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
}
