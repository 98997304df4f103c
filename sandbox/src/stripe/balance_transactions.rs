//! Balance transactions (`docs.stripe.com/api/balance_transactions`): what moved on the account's balance, in its
//! settlement currency. Here only disputes have them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Context, Stripe, currency, errors::ApiError, form::Form};

/// What Stripe takes for a chargeback, in minor units of the settlement currency (stripe.com/pricing).
const DISPUTE_FEE: i64 = 1500;
/// The parts of which an exchange rate counts.
const MILLION: i64 = 1_000_000;

/// The currency in which the account's balance is kept, and a fixed rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// In lower case.
    pub currency: String,
    /// Minor units of it for a million minor units of any other currency.
    pub rate_millionths: i64,
}

/// A movement on the account's balance.
#[derive(Clone, Debug)]
pub struct BalanceTransaction {
    id: String,
    created: i64,
    /// In minor units of the settlement currency; negative when money leaves the account.
    amount: i64,
    currency: String,
    fee: i64,
    rate_millionths: Option<i64>,
    kind: Movement,
    /// The dispute.
    source: String,
}

/// What a dispute moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Movement {
    Withdrawal,
    Reversal,
}

impl BalanceTransaction {
    /// The object as the secret key sees it.
    pub fn view(&self) -> Value {
        let (reporting_category, description) = match self.kind {
            Movement::Withdrawal => ("dispute", "Chargeback withdrawal"),
            Movement::Reversal => ("dispute_reversal", "Chargeback reversal"),
        };
        let fee = json!({
            "amount": self.fee,
            "application": null,
            "currency": self.currency,
            "description": "Dispute fee",
            "type": "stripe_fee",
        });
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.created,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": format!("{description} for {}", self.source),
            "exchange_rate": self.rate_millionths.map(exchange_rate),
            "fee": self.fee,
            "fee_details": if self.fee == 0 { vec![] } else { vec![fee] },
            "net": self.amount - self.fee,
            "reporting_category": reporting_category,
            "source": self.source,
            "status": "available",
            "type": "adjustment",
        })
    }

    /// What it moved, without its sign, in minor units of the settlement currency.
    pub const fn size(&self) -> i64 {
        self.amount.abs()
    }
}

/// The rate as Stripe writes it, as in `1.0825`.
fn exchange_rate(millionths: i64) -> Value {
    let text = format!("{}.{:06}", millionths / MILLION, millionths % MILLION);
    serde_json::from_str(&text).unwrap_or_default()
}

impl Stripe {
    /// Books that the bank takes an amount, in minor units of `currency`, with the dispute's fee.
    pub(super) fn withdrawal(
        &mut self,
        context: &Context,
        dispute: &str,
        amount: i64,
        currency: &str,
    ) -> BalanceTransaction {
        let (amount, rate) = self.settled_amount(amount, currency);
        self.movement(context, Movement::Withdrawal, dispute, -amount, (currency, rate), DISPUTE_FEE)
    }

    /// Books that a part of what the bank took comes back; the fee is kept.
    pub(super) fn partial_reversal(
        &mut self,
        context: &Context,
        dispute: &str,
        amount: i64,
        currency: &str,
    ) -> BalanceTransaction {
        let (amount, rate) = self.settled_amount(amount, currency);
        self.movement(context, Movement::Reversal, dispute, amount, (currency, rate), 0)
    }

    /// Books that all of a withdrawal comes back, its fee included: a dispute that is won in test mode credits "the
    /// amount of the charge and related fees" (docs.stripe.com/testing#evidence).
    pub(super) fn reversal(&mut self, context: &Context, withdrawal: &BalanceTransaction) -> BalanceTransaction {
        let id = self.new_id("txn_1");
        let (amount, fee) = (-withdrawal.amount, -withdrawal.fee);
        BalanceTransaction {
            id,
            created: context.now.seconds(),
            amount,
            fee,
            kind: Movement::Reversal,
            ..withdrawal.clone()
        }
    }

    fn movement(
        &mut self,
        context: &Context,
        kind: Movement,
        dispute: &str,
        amount: i64,
        (currency, rate_millionths): (&str, Option<i64>),
        fee: i64,
    ) -> BalanceTransaction {
        let currency = match &self.settings.settlement {
            Some(settlement) => settlement.currency.clone(),
            None => currency.to_owned(),
        };
        let (id, created, source) = (self.new_id("txn_1"), context.now.seconds(), dispute.to_owned());
        BalanceTransaction { id, created, amount, currency, fee, rate_millionths, kind, source }
    }

    /// An amount in the settlement currency, rounded to the nearest minor unit, and the rate where one was used.
    fn settled_amount(&self, amount: i64, currency: &str) -> (i64, Option<i64>) {
        let Some(settlement) = self.settings.settlement.as_ref().filter(|settlement| settlement.currency != currency)
        else {
            return (amount, None);
        };
        let exact = i128::from(amount) * i128::from(settlement.rate_millionths);
        let rounded = (exact + i128::from(MILLION / 2)) / i128::from(MILLION);
        (i64::try_from(rounded).unwrap_or(i64::MAX), Some(settlement.rate_millionths))
    }

    /// Changes the settlement currency from now on; without one each amount is settled in its own currency.
    pub(super) fn set_settlement(&mut self, form: &Form) -> Answer {
        form.only(&["currency", "rate_millionths"])?;
        self.settings.settlement = match form.filled("currency") {
            None => None,
            Some(currency) => {
                let rate_millionths = form.integer("rate_millionths")?.unwrap_or(MILLION);
                if rate_millionths < 1 {
                    return Err(ApiError::not_an_integer("rate_millionths", &rate_millionths.to_string()));
                }
                Some(Settlement { currency: currency::parse(currency)?, rate_millionths })
            }
        };
        Ok(json!({ "settlement": self.settings.settlement }))
    }
}
