//! Discount codes.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

use super::apportion::rounded_share;
use crate::{Currency, FieldError, Money, Timestamp};

/// The whole, in basis points.
const WHOLE: u32 = 10_000;

/// A discount code: 3 to 32 letters, digits and dashes. Read in any case and kept in upper case, so that two spellings are
/// one code and one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Za-z0-9-]{3,32}$", max_length = 32, example = "SPRING-26")]
pub struct DiscountCode(String);

/// The text is not a discount code.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a discount code has 3 to 32 letters, digits or dashes")]
pub struct InvalidDiscountCode;

impl DiscountCode {
    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DiscountCode {
    type Err = InvalidDiscountCode;

    fn from_str(text: &str) -> Result<Self, InvalidDiscountCode> {
        let fits = (3..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits { Ok(Self(text.to_ascii_uppercase())) } else { Err(InvalidDiscountCode) }
    }
}

impl fmt::Display for DiscountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DiscountCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DiscountCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What a code takes off, and when it may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// The code.
    pub code: DiscountCode,
    /// What it takes off the goods.
    pub reduction: Reduction,
    /// From when it holds; `None` for always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// When it ends: then it holds no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The least value of the goods, in minor units by currency. If any is given, the code holds in these currencies
    /// alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub least_goods: BTreeMap<Currency, i64>,
    /// How many orders may use it; `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    /// How many orders of one customer may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses_per_customer: Option<u32>,
}

/// What a code takes off the goods; never more than they cost, and nothing off shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// A share in basis points, hundredths of a percent: 1 to 10,000. Rounded half up to the currency's step.
    BasisPoints(u32),
    /// An amount in minor units, in each currency in which the code holds.
    Amounts(BTreeMap<Currency, i64>),
}

/// A code that a customer wants to use now.
#[derive(Clone, Copy, Debug)]
pub struct Redemption<'a> {
    /// The code.
    pub discount: &'a Discount,
    /// How many other orders use it.
    pub uses: u32,
    /// How many other orders of this customer use it.
    pub uses_by_customer: u32,
    /// The time.
    pub now: Timestamp,
}

/// Why a discount code is refused; the message is for the customer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscountRefused {
    /// There is no such code: the caller, who looked it up, says so.
    #[error("there is no such discount code")]
    Unknown,
    /// It holds from this time on.
    #[error("the discount code is not valid yet")]
    NotYetValid(Timestamp),
    /// It held until this time.
    #[error("the discount code has expired")]
    Expired(Timestamp),
    /// As many orders use it as may.
    #[error("the discount code is used up")]
    UsedUp,
    /// As many orders of this customer use it as may.
    #[error("you have used this discount code already")]
    UsedByCustomer,
    /// It does not hold in this currency.
    #[error("the discount code does not hold in {currency}", currency = .0.code())]
    NotInCurrency(Currency),
    /// The goods cost less than this.
    #[error("the discount code needs goods worth at least {0}")]
    GoodsTooLow(Money),
}

impl Redemption<'_> {
    /// What is taken off these goods, in minor units: a multiple of the currency's step, and no more than they cost.
    ///
    /// # Errors
    ///
    /// [`DiscountRefused`], the first reason in the order of its variants.
    pub(super) fn amount_off(&self, goods: Money) -> Result<i64, DiscountRefused> {
        self.check_time_and_uses()?;
        let Discount { reduction, least_goods, .. } = self.discount;
        let not_here = DiscountRefused::NotInCurrency(goods.currency);
        let least = if least_goods.is_empty() { Some(&0) } else { least_goods.get(&goods.currency) };
        let least = *least.ok_or(not_here.clone())?;
        let step = goods.currency.step();
        let off = match reduction {
            Reduction::BasisPoints(share) => rounded_share(goods.amount, i64::from(*share), i64::from(WHOLE), step),
            Reduction::Amounts(amounts) => Some(*amounts.get(&goods.currency).ok_or(not_here)?),
        };
        if goods.amount < least {
            return Err(DiscountRefused::GoodsTooLow(Money::new(least, goods.currency)));
        }
        let off = off.unwrap_or(goods.amount).clamp(0, goods.amount);
        Ok(off - off % step)
    }

    fn check_time_and_uses(&self) -> Result<(), DiscountRefused> {
        let Self { discount, uses, uses_by_customer, now } = *self;
        if let Some(from) = discount.valid_from.filter(|from| now < *from) {
            return Err(DiscountRefused::NotYetValid(from));
        }
        if let Some(until) = discount.valid_until.filter(|until| now >= *until) {
            return Err(DiscountRefused::Expired(until));
        }
        if discount.max_uses.is_some_and(|most| uses >= most) {
            return Err(DiscountRefused::UsedUp);
        }
        if discount.max_uses_per_customer.is_some_and(|most| uses_by_customer >= most) {
            return Err(DiscountRefused::UsedByCustomer);
        }
        Ok(())
    }
}

impl Discount {
    /// Checks a code that an administrator wrote.
    ///
    /// # Errors
    ///
    /// The first invalid field.
    pub fn check(&self) -> Result<(), FieldError> {
        let is_chargeable =
            |(currency, amount): (&Currency, &i64)| *amount > 0 && amount.checked_rem(currency.step()) == Some(0);
        let fault = |field: &str, message: &str| Err(FieldError::new(field, message));
        match &self.reduction {
            Reduction::BasisPoints(share) if !(1..=WHOLE).contains(share) => {
                fault("reduction.basis_points", "must be 1 to 10000")
            }
            Reduction::Amounts(amounts) if amounts.is_empty() => fault("reduction.amounts", "must not be empty"),
            Reduction::Amounts(amounts) if !amounts.iter().all(is_chargeable) => {
                fault("reduction.amounts", "must be positive, and in whole steps of the currency")
            }
            _ if self.least_goods.values().any(|least| *least < 0) => fault("least_goods", "must not be negative"),
            _ if self.valid_until.is_some_and(|until| self.valid_from.is_some_and(|from| from >= until)) => {
                fault("valid_until", "must be after valid_from")
            }
            _ if self.max_uses == Some(0) => fault("max_uses", "must be at least 1"),
            _ if self.max_uses_per_customer == Some(0) => fault("max_uses_per_customer", "must be at least 1"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn discount(more: &Value) -> Discount {
        let mut body = json!({"code": "spring-26", "reduction": {"basis_points": 1500}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_code_is_one_in_whatever_case_it_is_written() {
        let code: DiscountCode = "Spring-26".parse().unwrap();
        assert_eq!((code.as_str(), Ok(&code)), ("SPRING-26", "sPRING-26".parse().as_ref()));
        assert_eq!(serde_json::to_value(&code).unwrap(), "SPRING-26");
        for bad in ["AB", "", "A B", "ÄBC", "\u{212a}BC", "A_B", " ABC", &"A".repeat(33)] {
            assert_eq!(bad.parse::<DiscountCode>(), Err(InvalidDiscountCode), "{bad:?}");
        }
    }

    #[track_caller]
    fn check(more: &Value, goods: i64, currency: &str, expected: &Result<i64, DiscountRefused>) {
        let discount = discount(more);
        assert_eq!(discount.check(), Ok(()));
        let now = Timestamp::parse("2026-06-01T12:00:00Z").unwrap();
        let redemption = Redemption { discount: &discount, uses: 10, uses_by_customer: 1, now };
        assert_eq!(&redemption.amount_off(Money::new(goods, currency.parse().unwrap())), expected, "{more}");
    }

    #[test]
    fn a_share_or_an_amount_is_taken_off_and_never_more_than_the_goods_cost() {
        let amounts = json!({"reduction": {"amounts": {"eur": 500, "kwd": 1250}}});
        check(&json!({}), 1990, "eur", &Ok(299)); // 298.5
        check(&json!({}), 1250, "kwd", &Ok(190)); // 187.5
        check(&json!({}), i64::MAX, "jpy", &Ok(1_383_505_805_528_216_371)); // …371.05
        check(&json!({"reduction": {"basis_points": 10_000}}), 1990, "eur", &Ok(1990));
        check(&amounts, 1990, "eur", &Ok(500));
        check(&amounts, 1000, "kwd", &Ok(1000));
        check(&amounts, 1000, "usd", &Err(DiscountRefused::NotInCurrency("usd".parse().unwrap())));
    }

    #[test]
    fn a_code_that_does_not_hold_is_refused_with_its_reason() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let (now, later) = ("2026-06-01T12:00:00.000Z", "2026-06-01T12:00:00.001Z");
        check(&json!({"valid_from": later}), 100, "eur", &Err(DiscountRefused::NotYetValid(at(later))));
        check(&json!({"valid_from": now, "valid_until": later}), 100, "eur", &Ok(15));
        check(&json!({"valid_until": now}), 100, "eur", &Err(DiscountRefused::Expired(at(now))));
        check(&json!({"max_uses": 10}), 100, "eur", &Err(DiscountRefused::UsedUp));
        check(&json!({"max_uses_per_customer": 1}), 100, "eur", &Err(DiscountRefused::UsedByCustomer));
        check(&json!({"max_uses": 11, "max_uses_per_customer": 2}), 100, "eur", &Ok(15));
        let least = json!({"least_goods": {"eur": 3000}});
        let eur = "eur".parse().unwrap();
        check(&least, 2999, "eur", &Err(DiscountRefused::GoodsTooLow(Money::new(3000, eur))));
        check(&least, 3000, "eur", &Ok(450));
        check(&least, 3000, "jpy", &Err(DiscountRefused::NotInCurrency("jpy".parse().unwrap())));
    }

    #[test]
    fn every_broken_rule_of_a_code_names_its_field() {
        let from = json!("2026-06-01T12:00:00.000Z");
        for (more, field) in [
            (json!({"reduction": {"basis_points": 0}}), "reduction.basis_points"),
            (json!({"reduction": {"basis_points": 10_001}}), "reduction.basis_points"),
            (json!({"reduction": {"amounts": {}}}), "reduction.amounts"),
            (json!({"reduction": {"amounts": {"eur": 0}}}), "reduction.amounts"),
            (json!({"reduction": {"amounts": {"kwd": 1255}}}), "reduction.amounts"),
            (json!({"least_goods": {"eur": -1}}), "least_goods"),
            (json!({"valid_from": from, "valid_until": from}), "valid_until"),
            (json!({"max_uses": 0}), "max_uses"),
            (json!({"max_uses_per_customer": 0}), "max_uses_per_customer"),
        ] {
            assert_eq!(discount(&more).check().unwrap_err().field, field, "{more}");
        }
    }
}
