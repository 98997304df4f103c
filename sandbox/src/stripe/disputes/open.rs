//! A dispute begins.

use super::{CaseType, Dispute, DisputeStatus, Evidence, TIME_TO_RESPOND};
use crate::stripe::{Answer, Context, Stripe, charges::Charge, collection::Resource, currency, errors::ApiError};

/// How a dispute begins.
#[derive(Clone, Copy, Debug)]
pub struct NewDispute<'a> {
    /// What is disputed, in minor units of `currency`; all that is left of the charge when absent.
    pub amount: Option<i64>,
    /// The cardholder's currency, in lower case; the charge's when absent.
    pub currency: Option<&'a str>,
    /// Stripe's word for why.
    pub reason: &'a str,
    /// Whether the bank only asks.
    pub inquiry: bool,
}

impl Stripe {
    /// The customer's bank takes money back, or asks first and takes nothing.
    ///
    /// A dispute about no amount in particular is about all that is left, and the only one that is open. One with an
    /// amount may be about more than the charge, about a charge that was refunded, or the second one of its charge.
    pub(in crate::stripe) fn open_dispute(
        &mut self,
        context: &Context,
        charge: &str,
        opening: &NewDispute<'_>,
    ) -> Answer {
        let charge = self.charges.get(charge)?.clone();
        let (amount, currency, claim) = self.disputed(&charge, opening)?;
        self.charges.get_mut(&charge.id)?.disputed = true;
        let id = self.new_id("du_1");
        let mut dispute = Dispute {
            id: id.clone(),
            created: context.now.seconds(),
            charge: charge.id,
            payment_intent: charge.payment_intent,
            amount,
            currency,
            reason: opening.reason.to_owned(),
            status: DisputeStatus::WarningNeedsResponse,
            case_type: CaseType::Inquiry,
            evidence: Evidence::default(),
            metadata: std::collections::BTreeMap::new(),
            due_by: Some(context.now.seconds() + TIME_TO_RESPOND),
            claim,
            withdrawn: 0,
            balance_transactions: Vec::new(),
        };
        if !opening.inquiry {
            self.charge_back(context, &mut dispute)?;
        }
        let (view, withdrawn) = (dispute.view(), !dispute.balance_transactions.is_empty());
        self.disputes.insert(dispute);
        self.emit(context, "charge.dispute.created", &view);
        if withdrawn {
            self.emit(context, "charge.dispute.funds_withdrawn", &view);
        }
        Ok(view)
    }

    /// What is disputed: as the bank says it, and in the charge's currency.
    fn disputed(&self, charge: &Charge, opening: &NewDispute<'_>) -> Result<(i64, String, i64), ApiError> {
        let left = self.left_of(charge);
        let in_its_currency = opening.currency.is_none_or(|currency| currency == charge.currency);
        let another_is_open = self.disputes.of(&charge.id).any(|dispute| !dispute.status.is_closed());
        let refused = |message: &str| Err(ApiError::invalid("amount", message));
        if !charge.is_captured() {
            return refused("Only a captured charge can be disputed.");
        }
        let amount = match opening.amount {
            Some(amount) if amount < 1 => return refused("A dispute is about an amount of at least 1."),
            Some(_) if self.is_all_away(charge) => return refused("Other disputes have all of the charge."),
            Some(amount) => amount,
            None if another_is_open => return refused("Another dispute is open: name the amount of this one."),
            None if left < 1 => return refused("Nothing is left of the charge: name an amount."),
            None if !in_its_currency => return refused("A dispute in another currency has an amount."),
            None => left,
        };
        let currency = match opening.currency {
            Some(currency) => currency::parse(currency)?,
            None => charge.currency.clone(),
        };
        // What the bank names in the cardholder's currency is the whole charge.
        Ok((amount, currency, if in_its_currency { amount } else { charge.amount_captured }))
    }

    /// The bank withdraws the money. Of a charge that was refunded in full nothing is taken ("no further funds are
    /// withdrawn", says Stripe's dispute object).
    pub(super) fn charge_back(&mut self, context: &Context, dispute: &mut Dispute) -> Result<(), ApiError> {
        dispute.status = DisputeStatus::NeedsResponse;
        dispute.case_type = CaseType::Chargeback;
        dispute.due_by = Some(context.now.seconds() + TIME_TO_RESPOND);
        let charge = self.charges.get(&dispute.charge)?.clone();
        let left = self.left_of(&charge);
        dispute.withdrawn = dispute.claim.min(left);
        if left > 0 {
            let taken = self.withdrawal(context, &dispute.id, dispute.claim, &charge.currency);
            dispute.balance_transactions.push(taken);
        }
        Ok(())
    }

    /// Whether other disputes have all that was not refunded. What Stripe does then is not documented: banks would take more
    /// than was paid.
    pub(super) fn is_all_away(&self, charge: &Charge) -> bool {
        charge.refundable() > 0 && self.left_of(charge) < 1
    }

    /// What is left of a charge, in minor units: taken, not refunded, and not with a bank.
    pub(in crate::stripe) fn left_of(&self, charge: &Charge) -> i64 {
        let withdrawn: i64 = self.disputes.of(&charge.id).map(|dispute| dispute.withdrawn).sum();
        charge.refundable() - withdrawn
    }
}
