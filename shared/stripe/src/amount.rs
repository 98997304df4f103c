//! Stripe's minor units are not always ISO 4217's.
//!
//! Source of every figure: <https://docs.stripe.com/currencies> (zero-decimal currencies, special cases, three-decimal
//! currencies, minimum charge amounts).

use domain::{Currency, Money, UnknownCurrency};

/// What Stripe charges in hundredths, as ISO 4217 counts.
const TWO_DECIMAL: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CDF \
    CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES \
    KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN \
    PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS \
    WST XCD XCG YER ZAR ZMW";

/// Whole units in Stripe's API. ISO 4217 agrees, except for MGA, which it divides by a hundred on paper.
const ZERO_DECIMAL: &str = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF";

/// Whole units in ISO 4217; Stripe still wants two decimals, and they are always `00`.
const WHOLE_BUT_TWO_DECIMAL: &str = "ISK UGX";

/// Three decimals, of which the last must be 0.
const THREE_DECIMAL: &str = "BHD JOD KWD OMR TND";

/// The least that can be charged, in Stripe's units. Other currencies have the equivalent of their settlement
/// currency's minimum, which only Stripe can tell.
const MINIMUM: [(&str, i64); 32] = [
    ("AED", 200),
    ("ARS", 50),
    ("AUD", 50),
    ("BGN", 100),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("COP", 50),
    ("CZK", 1500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("IDR", 50),
    ("ILS", 50),
    ("INR", 50),
    ("JPY", 50),
    ("KRW", 50),
    ("MXN", 1000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PHP", 50),
    ("PLN", 200),
    ("RON", 200),
    ("RUB", 50),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1000),
    ("USD", 50),
    ("ZAR", 50),
];

/// The most that can be charged by card, in Stripe's units: twelve digits. Methods that take less are not offered then.
const MAXIMUM: i64 = 999_999_999_999;

/// Why an amount cannot cross to or from Stripe.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Stripe takes no payments in this currency.
    #[error("stripe takes no payments in {}", .0.code())]
    Unsupported(Currency),
    /// The amount has a part that the other side's units cannot express.
    #[error("{0} cannot be expressed in the other side's units")]
    NotRepresentable(Money),
    /// Below what Stripe charges in this currency.
    #[error("the least that can be charged is {minimum}")]
    TooSmall {
        /// The least amount.
        minimum: Money,
    },
    /// Zero or less.
    #[error("not a positive amount")]
    NotPositive,
    /// More than Stripe charges, or than fits into 64 bits.
    #[error("amount too large")]
    Overflow,
    /// Stripe named a currency that ISO 4217 does not know.
    #[error(transparent)]
    Currency(#[from] UnknownCurrency),
}

/// The amount in Stripe's units.
///
/// # Errors
///
/// [`AmountError`]: currency not supported, an inexpressible fraction, or too large.
pub fn to_stripe(money: Money) -> Result<i64, AmountError> {
    let (ours, theirs) = (money.currency.exponent(), decimals(money.currency)?);
    let amount = shift(money.amount, ours, theirs).ok_or(AmountError::Overflow)?;
    match amount.exact.filter(|amount| acceptable(*amount, money.currency)) {
        Some(amount) => Ok(amount),
        None => Err(AmountError::NotRepresentable(money)),
    }
}

/// The money behind an amount in Stripe's units; `currency` in any case.
///
/// # Errors
///
/// [`AmountError`]: currency unknown or not supported, an inexpressible fraction, or too large.
pub fn from_stripe(amount: i64, currency: &str) -> Result<Money, AmountError> {
    let currency: Currency = currency.parse()?;
    let shifted = shift(amount, decimals(currency)?, currency.exponent()).ok_or(AmountError::Overflow)?;
    let exact = shifted.exact.ok_or_else(|| AmountError::NotRepresentable(Money::new(amount, currency)))?;
    Ok(Money::new(exact, currency))
}

/// Checks that Stripe would charge this amount at all, so that a cart can be refused before anything is stored.
///
/// # Errors
///
/// [`AmountError`]: not positive, below the minimum, above the maximum, or not expressible.
pub fn check_chargeable(money: Money) -> Result<(), AmountError> {
    if money.amount <= 0 {
        return Err(AmountError::NotPositive);
    }
    if to_stripe(money)? > MAXIMUM {
        return Err(AmountError::Overflow);
    }
    match minimum_charge(money.currency) {
        Some(minimum) if money.amount < minimum.amount => Err(AmountError::TooSmall { minimum }),
        _ => Ok(()),
    }
}

/// The least that Stripe charges in this currency, where it publishes a figure.
pub fn minimum_charge(currency: Currency) -> Option<Money> {
    let (_, amount) = MINIMUM.iter().find(|(code, _)| *code == currency.code())?;
    from_stripe(*amount, currency.code()).ok()
}

fn decimals(currency: Currency) -> Result<u32, AmountError> {
    let lists = [(TWO_DECIMAL, 2), (ZERO_DECIMAL, 0), (WHOLE_BUT_TWO_DECIMAL, 2), (THREE_DECIMAL, 3)];
    let found = lists.into_iter().find(|(list, _)| names(list, currency));
    found.map(|(_, decimals)| decimals).ok_or(AmountError::Unsupported(currency))
}

fn names(list: &str, currency: Currency) -> bool {
    list.split_whitespace().any(|code| code == currency.code())
}

fn acceptable(amount: i64, currency: Currency) -> bool {
    !names(THREE_DECIMAL, currency) || amount % 10 == 0
}

/// An amount moved to other decimals: nothing in `exact` when a fraction would be lost.
struct ScaledAmount {
    exact: Option<i64>,
}

/// `None` when the result does not fit.
fn shift(amount: i64, from: u32, to: u32) -> Option<ScaledAmount> {
    let factor = 10_i64.checked_pow(from.abs_diff(to))?;
    let exact =
        if to >= from { Some(amount.checked_mul(factor)?) } else { (amount % factor == 0).then_some(amount / factor) };
    Some(ScaledAmount { exact })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap())
    }

    #[test]
    fn amounts_cross_to_stripe_and_come_back() {
        // (ours, currency, Stripe's): the examples of docs.stripe.com/currencies where it gives one.
        for (ours, code, stripes) in [
            (1000, "USD", 1000),
            (1250, "EUR", 1250),
            (17_500, "HUF", 17_500), // whole units for payouts only
            (80_000, "TWD", 80_000), // likewise
            (500, "JPY", 500),
            (5000, "KRW", 5000),
            (1500, "XOF", 1500),
            (5, "ISK", 500),
            (5, "UGX", 500),
            (500, "MGA", 5), // ISO counts in hundredths, Stripe in ariary
            (5120, "KWD", 5120),
            (990, "BHD", 990),
            (0, "EUR", 0),
            (-300, "EUR", -300),
        ] {
            assert_eq!(to_stripe(money(ours, code)), Ok(stripes), "{ours} {code}");
            assert_eq!(from_stripe(stripes, &code.to_lowercase()), Ok(money(ours, code)), "{stripes} {code}");
        }
    }

    #[test]
    fn what_the_other_side_cannot_express_is_refused() {
        for (amount, code) in [(5124, "KWD"), (1, "TND"), (150, "MGA")] {
            assert_eq!(to_stripe(money(amount, code)), Err(AmountError::NotRepresentable(money(amount, code))));
        }
        assert_eq!(from_stripe(550, "isk"), Err(AmountError::NotRepresentable(money(550, "ISK"))));
        assert_eq!(to_stripe(money(i64::MAX, "ISK")), Err(AmountError::Overflow));
        for code in ["IQD", "LYD", "CLF", "IRR", "GHS", "STN", "VES", "SVC", "CUP", "MRU", "KPW", "USN", "CHE"] {
            assert_eq!(to_stripe(money(1000, code)), Err(AmountError::Unsupported(code.parse().unwrap())));
        }
        assert!(matches!(from_stripe(1, "zzz"), Err(AmountError::Currency(_))));
    }

    #[test]
    fn a_charge_is_positive_and_reaches_the_minimum() {
        for (amount, code) in [(50, "USD"), (30, "GBP"), (50, "JPY"), (17_500, "HUF"), (1, "ISK"), (10, "KWD")] {
            assert_eq!(check_chargeable(money(amount, code)), Ok(()), "{amount} {code}");
        }
        for (amount, code) in
            [(49, "USD"), (29, "GBP"), (49, "JPY"), (17_499, "HUF"), (1499, "CZK"), (49, "ZAR"), (49, "KRW")]
        {
            let minimum = money(amount + 1, code);
            assert_eq!(check_chargeable(money(amount, code)), Err(AmountError::TooSmall { minimum }));
        }
        for amount in [0, -1, i64::MIN] {
            assert_eq!(check_chargeable(money(amount, "USD")), Err(AmountError::NotPositive));
        }
        for (amount, code) in
            [(MAXIMUM, "USD"), (MAXIMUM / 100, "ISK"), (MAXIMUM, "IDR"), (MAXIMUM, "JPY"), (50, "ILS")]
        {
            assert_eq!(check_chargeable(money(amount, code)), Ok(()), "{amount} {code}");
        }
        for (amount, code) in
            [(MAXIMUM + 1, "USD"), (MAXIMUM / 100 + 1, "ISK"), (MAXIMUM + 1, "IDR"), (i64::MAX, "EUR")]
        {
            assert_eq!(check_chargeable(money(amount, code)), Err(AmountError::Overflow), "{amount} {code}");
        }
    }

    /// Every three letters that are a currency.
    fn currencies() -> impl Iterator<Item = Currency> {
        let letters = || (b'A'..=b'Z').map(char::from);
        letters()
            .flat_map(move |a| {
                letters().flat_map(move |b| letters().map(move |c| [a, b, c].iter().collect::<String>()))
            })
            .filter_map(|code| code.parse().ok())
    }

    #[test]
    fn in_every_currency_an_amount_comes_back_as_it_went_or_is_refused() {
        let mut crossed = 0;
        for currency in currencies() {
            for amount in [0, 1, 9, 10, 99, 100, 101, 12_340, 99_999_990, i64::MAX] {
                let money = Money::new(amount, currency);
                match to_stripe(money) {
                    Ok(stripes) => {
                        assert_eq!(from_stripe(stripes, currency.code()), Ok(money));
                        crossed += 1;
                    }
                    Err(AmountError::Overflow) => assert!(names(WHOLE_BUT_TWO_DECIMAL, currency)),
                    Err(AmountError::NotRepresentable(_)) => {
                        assert!(currency.code() == "MGA" || currency.exponent() == 3, "{money}");
                    }
                    Err(error) => assert_eq!(error, AmountError::Unsupported(currency)),
                }
            }
        }
        assert!(crossed > 1100, "{crossed}");
    }

    #[test]
    fn stripes_decimals_are_isos_but_for_the_known_exceptions() {
        let differing: Vec<_> = currencies()
            .filter(|currency| decimals(*currency).is_ok_and(|decimals| decimals != currency.exponent()))
            .map(Currency::code)
            .collect();
        assert_eq!(differing, ["ISK", "MGA", "UGX"]);
    }

    #[test]
    fn the_tables_name_real_currencies_once() {
        let lists = [TWO_DECIMAL, ZERO_DECIMAL, WHOLE_BUT_TWO_DECIMAL, THREE_DECIMAL];
        let codes: Vec<_> = lists.into_iter().flat_map(str::split_whitespace).collect();
        assert_eq!(codes.len(), 138);
        for (index, code) in codes.iter().enumerate() {
            assert!(code.parse::<Currency>().is_ok(), "{code}");
            assert!(!codes[..index].contains(code), "{code} twice");
        }
        assert!(MINIMUM.iter().all(|(code, _)| minimum_charge(code.parse().unwrap()).is_some()));
    }
}
