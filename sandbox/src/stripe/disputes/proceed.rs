//! What banks and networks do with a dispute: look at it, decide, hear an appeal.

use serde_json::json;

use super::{CaseType, Dispute, DisputeStatus, TIME_TO_RESPOND};
use crate::stripe::{Answer, Context, Stripe, collection::Resource, errors::ApiError};

/// How a dispute ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeOutcome {
    /// The money comes back.
    Won,
    /// The bank keeps what was not refunded.
    Lost,
    /// The network stops the dispute, and the money comes back.
    Blocked,
    /// The network has the customer refunded out of what was withdrawn, so that no bank decides.
    Resolved,
}

impl Stripe {
    /// The bank looks at it, whether or not evidence came.
    pub(in crate::stripe) fn review_dispute(&mut self, context: &Context, id: &str) -> Answer {
        let dispute = self.open_dispute_mut(id)?;
        let previous = json!({ "status": dispute.status.name() });
        dispute.status = dispute.status.answered();
        let view = dispute.view();
        self.emit_change(context, "charge.dispute.updated", &view, &previous);
        Ok(view)
    }

    /// The bank rejects the answer to its inquiry, and withdraws the money.
    pub(in crate::stripe) fn escalate_dispute(&mut self, context: &Context, id: &str) -> Answer {
        let mut dispute = self.open_dispute_mut(id)?.clone();
        if !dispute.status.is_inquiry() {
            return Err(ApiError::invalid("dispute", "Only an inquiry becomes a dispute."));
        }
        if self.is_all_away(self.charges.get(&dispute.charge)?) {
            return Err(ApiError::invalid("dispute", "Other disputes have all of the charge."));
        }
        let previous = json!({ "status": dispute.status.name() });
        self.charge_back(context, &mut dispute)?;
        let (view, withdrawn) = (dispute.view(), !dispute.balance_transactions.is_empty());
        *self.disputes.get_mut(id)? = dispute;
        self.emit_change(context, "charge.dispute.updated", &view, &previous);
        if withdrawn {
            self.emit(context, "charge.dispute.funds_withdrawn", &view);
        }
        Ok(view)
    }

    /// The shop appeals against a loss
    /// (docs.stripe.com/changelog/endive/2026-10-28/evidence-submission-appeal-dispute-decisions).
    pub(in crate::stripe) fn appeal_dispute(&mut self, context: &Context, id: &str) -> Answer {
        let dispute = self.disputes.get_mut(id)?;
        if dispute.status != DisputeStatus::Lost {
            return Err(ApiError::invalid("dispute", "Only a dispute that was lost can be appealed."));
        }
        let previous = json!({ "status": dispute.status.name() });
        dispute.status = DisputeStatus::AppealNeedsResponse;
        dispute.due_by = Some(context.now.seconds() + TIME_TO_RESPOND);
        let view = dispute.view();
        self.emit_change(context, "charge.dispute.updated", &view, &previous);
        Ok(view)
    }

    /// It comes to its end; an inquiry is closed, whatever the bank decides.
    pub(in crate::stripe) fn close_dispute(&mut self, context: &Context, id: &str, outcome: DisputeOutcome) -> Answer {
        let mut dispute = self.open_dispute_mut(id)?.clone();
        let was_withdrawn = !dispute.balance_transactions.is_empty();
        match outcome {
            DisputeOutcome::Blocked | DisputeOutcome::Resolved if dispute.status.is_appeal() => {
                return Err(ApiError::invalid("dispute", "What was lost is not prevented any more."));
            }
            DisputeOutcome::Blocked => {
                dispute.case_type = CaseType::Block;
                dispute.status = DisputeStatus::Prevented;
                self.give_back(context, &mut dispute);
            }
            DisputeOutcome::Resolved => {
                if !was_withdrawn {
                    self.charge_back(context, &mut dispute)?;
                }
                dispute.case_type = CaseType::Resolution;
                dispute.status = DisputeStatus::Prevented;
                self.keep(context, &mut dispute)?;
            }
            _ if dispute.status.is_inquiry() => dispute.status = DisputeStatus::WarningClosed,
            DisputeOutcome::Won => {
                dispute.status = DisputeStatus::Won;
                self.give_back(context, &mut dispute);
            }
            DisputeOutcome::Lost if dispute.status.is_appeal() => dispute.status = DisputeStatus::Lost,
            DisputeOutcome::Lost => {
                dispute.status = DisputeStatus::Lost;
                self.keep(context, &mut dispute)?;
            }
        }
        let now_withdrawn = !dispute.balance_transactions.is_empty();
        let reinstated = dispute.reinstated_since(self.disputes.get(id)?);
        let view = dispute.view();
        *self.disputes.get_mut(id)? = dispute;
        if now_withdrawn && !was_withdrawn {
            self.emit(context, "charge.dispute.funds_withdrawn", &view);
        }
        self.emit(context, "charge.dispute.closed", &view);
        if reinstated {
            self.emit(context, "charge.dispute.funds_reinstated", &view);
        }
        Ok(view)
    }

    /// All that was withdrawn comes back. There are never more than two movements: after an appeal the whole reversal
    /// stands in place of the one of the refunded part, which Stripe does not document.
    fn give_back(&mut self, context: &Context, dispute: &mut Dispute) {
        dispute.withdrawn = 0;
        if let Some(withdrawal) = dispute.balance_transactions.first().cloned() {
            let reversal = self.reversal(context, &withdrawal);
            dispute.balance_transactions = vec![withdrawal, reversal];
        }
    }

    /// The bank keeps what was not refunded, and the refunded part comes back
    /// (docs.stripe.com/disputes#disputes-on-partially-refunded-payments).
    fn keep(&mut self, context: &Context, dispute: &mut Dispute) -> Result<(), ApiError> {
        if dispute.balance_transactions.is_empty() {
            return Ok(());
        }
        let charge = self.charges.get(&dispute.charge)?.clone();
        let refunded = charge.refunded();
        let left = self.left_of(&charge) + self.disputes.get(&dispute.id).map_or(0, |stored| stored.withdrawn);
        dispute.withdrawn = dispute.claim.min(left);
        let twice = dispute.claim.min(left + refunded) - dispute.withdrawn;
        if twice > 0 {
            let back = self.partial_reversal(context, &dispute.id, twice, &charge.currency);
            dispute.balance_transactions.push(back);
        }
        Ok(())
    }

    pub(super) fn open_dispute_mut(&mut self, id: &str) -> Result<&mut Dispute, ApiError> {
        let dispute = self.disputes.get_mut(id)?;
        if dispute.status.is_closed() {
            let message = format!("This dispute is already closed: it is {}.", dispute.status.name());
            return Err(ApiError::state("dispute_already_closed", message));
        }
        Ok(dispute)
    }
}
