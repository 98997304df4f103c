//! What the shop does with a dispute over the API.

use serde_json::{Value, json};

use super::{DisputeOutcome, EVIDENCE, Evidence};
use crate::stripe::{Answer, Context, Stripe, collection::Resource, form::Form, metadata};

impl Stripe {
    /// `POST /v1/disputes/:id`: evidence, which is submitted unless said otherwise.
    pub(in crate::stripe) fn update_dispute(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let evidence = evidence(form);
        let submit = form.boolean("submit")? != Some(false);
        let dispute = self.open_dispute_mut(id)?;
        let previous = json!({ "status": dispute.status.name() });
        dispute.metadata = metadata::merged(&dispute.metadata, form)?;
        dispute.evidence.fields.extend(evidence);
        if submit {
            dispute.evidence.submissions += 1;
            dispute.evidence.past_due = dispute.due_by.is_some_and(|due| due < context.now.seconds());
            dispute.status = dispute.status.answered();
        }
        let (view, decision) = (dispute.view(), dispute.evidence.decision().filter(|_| submit));
        self.emit_change(context, "charge.dispute.updated", &view, &previous);
        match decision {
            Some(Decision::Close(outcome)) => self.close_dispute(context, id, outcome),
            Some(Decision::Escalate) if self.disputes.get(id)?.status.is_inquiry() => {
                self.escalate_dispute(context, id)
            }
            _ => Ok(view),
        }
    }

    /// `GET /v1/disputes`.
    pub(in crate::stripe) fn list_disputes(&self, form: &Form) -> Answer {
        let (charge, intent) = (form.filled("charge"), form.filled("payment_intent"));
        self.disputes.page(form, charge.or(intent), |dispute| {
            charge.is_none_or(|charge| dispute.charge == charge)
                && intent.is_none_or(|intent| dispute.payment_intent == intent)
        })
    }
}

fn evidence(form: &Form) -> Vec<(String, Value)> {
    let Some(group) = form.group("evidence") else { return Vec::new() };
    let text = |name: &str| group.filled(name).map(|text| (name.to_owned(), Value::from(text)));
    EVIDENCE.into_iter().filter_map(text).collect()
}

/// What a text of test mode makes of a dispute (docs.stripe.com/testing#evidence).
enum Decision {
    Close(DisputeOutcome),
    Escalate,
}

impl Evidence {
    fn decision(&self) -> Option<Decision> {
        match self.fields.get("uncategorized_text").and_then(Value::as_str)? {
            "winning_evidence" => Some(Decision::Close(DisputeOutcome::Won)),
            "losing_evidence" => Some(Decision::Close(DisputeOutcome::Lost)),
            "escalate_inquiry_evidence" => Some(Decision::Escalate),
            _ => None,
        }
    }
}
