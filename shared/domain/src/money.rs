//! Money: whole minor units of an ISO 4217 currency, with checked arithmetic.

use std::fmt;
use std::str::FromStr;

use iso_currency::Currency as Iso;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

/// An ISO 4217 currency that has a minor unit or is used in whole units. Written as its lower-case code, as Stripe does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[a-z]{3}$", example = "eur")]
pub struct Currency(Iso);

/// The text is not a currency in which money can be counted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 currency: {0}")]
pub struct UnknownCurrency(String);

impl Currency {
    /// How many decimals the currency has: 0 for JPY, 2 for EUR, 3 for KWD (ISO 4217, table A.1).
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// The least amount in which people pay, in minor units; every payment and refund is a multiple of it. Card networks
    /// charge three-decimal currencies in tens, and the ariary in whole units
    /// (<https://docs.stripe.com/currencies#three-decimal>).
    pub fn step(self) -> i64 {
        match (self.code(), self.exponent()) {
            ("MGA", _) => 100,
            (_, 3) => 10,
            _ => 1,
        }
    }

    /// The upper-case code: `EUR`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads `eur` or `EUR`. Metals, test codes and funds, which have no exponent, are refused.
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        Iso::from_code(&text.to_ascii_uppercase())
            .filter(|iso| iso.exponent().is_some())
            .map(Self)
            .ok_or_else(|| UnknownCurrency(text.chars().take(8).collect()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code().to_ascii_lowercase())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// An amount in minor units (cents, yen, fils) of one currency. May be negative: a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why a sum of money cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit into 64 bits.
    #[error("amount too large")]
    Overflow,
    /// Two currencies cannot be added.
    #[error("cannot add {0} and {1}")]
    Currencies(Currency, Currency),
}

impl Money {
    /// An amount in minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Zero, in this currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// This amount `quantity` times.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    fn combine(self, other: Self, operation: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currencies(self.currency, other.currency));
        }
        let amount = operation(self.amount, other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }
}

/// For people: `12.50 EUR`, `1250 JPY`, `1.250 KWD`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent() as usize;
        let unit = 10_u64.pow(self.currency.exponent());
        let (whole, part) = (self.amount.unsigned_abs() / unit, self.amount.unsigned_abs() % unit);
        let sign = if self.amount < 0 { "-" } else { "" };
        match digits {
            0 => write!(f, "{sign}{whole} {}", self.currency.code()),
            _ => write!(f, "{sign}{whole}.{part:0digits$} {}", self.currency.code()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap())
    }

    #[test]
    fn amounts_are_written_with_the_currencys_own_decimals() {
        for (amount, code, text) in [
            (1250, "eur", "12.50 EUR"),
            (5, "USD", "0.05 USD"),
            (0, "eur", "0.00 EUR"),
            (1250, "jpy", "1250 JPY"),
            (1250, "kwd", "1.250 KWD"),
            (-1, "eur", "-0.01 EUR"),
            (i64::MIN, "jpy", "-9223372036854775808 JPY"),
        ] {
            assert_eq!(money(amount, code).to_string(), text);
        }
    }

    #[test]
    fn three_decimals_are_paid_in_tens_and_the_ariary_in_whole_units() {
        let step = |code: &str| code.parse::<Currency>().unwrap().step();
        assert_eq!(["eur", "jpy", "isk", "kwd", "tnd", "mga"].map(step), [1, 1, 1, 10, 10, 100]);
    }

    #[test]
    fn codes_without_minor_units_and_nonsense_are_refused() {
        for code in ["XAU", "XXX", "XTS", "EURO", "", "e", "€"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }

    #[test]
    fn sums_never_mix_currencies_or_wrap() {
        assert_eq!(
            money(1, "eur").plus(money(1, "usd")),
            Err(MoneyError::Currencies("eur".parse().unwrap(), "usd".parse().unwrap()))
        );
        assert_eq!(money(i64::MAX, "eur").plus(money(1, "eur")), Err(MoneyError::Overflow));
        assert_eq!(money(i64::MIN, "eur").minus(money(1, "eur")), Err(MoneyError::Overflow));
        assert_eq!(money(i64::MAX, "eur").times(2), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_loses_nothing(a in any::<i64>(), b in any::<i64>()) {
            let (a, b) = (money(a, "eur"), money(b, "eur"));
            if let Ok(sum) = a.plus(b) {
                prop_assert_eq!(sum.minus(b), Ok(a));
                prop_assert_eq!(b.plus(a), Ok(sum));
                prop_assert_eq!(i128::from(sum.amount), i128::from(a.amount) + i128::from(b.amount));
            }
        }
    }
}
