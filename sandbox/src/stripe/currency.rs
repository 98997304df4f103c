//! Currencies as Stripe takes them (docs.stripe.com/currencies), written down apart from the product's own table.

use super::errors::ApiError;

/// The largest amount by card: twelve digits.
const LARGEST_BY_CARD: i64 = 999_999_999_999;
/// By American Express, nine digits.
const LARGEST_BY_AMEX: i64 = 999_999_999;
/// By any other payment method, eight digits.
const LARGEST_OTHERWISE: i64 = 99_999_999;
/// By any other payment method in these currencies.
const LARGEST_OTHERWISE_IN: [(&str, i64); 3] = [("idr", 999_999_999_999), ("cop", 9_999_999_999), ("inr", 999_999_999)];

/// Presentment currencies, and the three-decimal ones.
const SUPPORTED: &str = "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp byn bzd \
    cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf \
    idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr \
    mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp \
    sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw";

const ZERO_DECIMAL: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf";
/// The last digit must be zero.
const THREE_DECIMAL: &str = "bhd jod kwd omr tnd";
/// Without decimals, yet written with two for old times' sake: the last two digits must be zero.
const TWO_ZEROES: &str = "isk ugx";

/// Minimum charge amounts; of the other currencies Stripe asks for what it can settle, here one unit.
const MINIMUM: [(&str, i64); 31] = [
    ("usd", 50),
    ("aed", 200),
    ("ars", 50),
    ("aud", 50),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("cop", 50),
    ("czk", 1500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("idr", 50),
    ("ils", 50),
    ("inr", 50),
    ("jpy", 50),
    ("krw", 50),
    ("mxn", 1000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("php", 50),
    ("pln", 200),
    ("ron", 200),
    ("rub", 50),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1000),
    ("zar", 50),
];

/// The currency in lower case.
///
/// # Errors
///
/// 400 when Stripe does not take it.
pub fn parse(text: &str) -> Result<String, ApiError> {
    let currency = text.to_ascii_lowercase();
    if currency.len() == 3 && SUPPORTED.split_whitespace().any(|known| known == currency) {
        return Ok(currency);
    }
    let list = SUPPORTED.split_whitespace().collect::<Vec<_>>().join(", ");
    Err(ApiError::invalid(
        "currency",
        format!("Invalid currency: {text}. Stripe currently supports these currencies: {list}"),
    ))
}

/// Checks the amount of a payment, in minor units, whatever it will be paid with.
///
/// # Errors
///
/// 400 when it is below the minimum, above the largest that any payment method of the intent takes, or not a multiple of
/// what the currency can express.
pub fn check_amount(amount: i64, currency: &str, method_types: &[String]) -> Result<(), ApiError> {
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::coded("parameter_invalid_integer", "amount", message));
    }
    let minimum = MINIMUM.iter().find(|(known, _)| *known == currency).map_or(1, |(_, minimum)| *minimum);
    if amount < minimum {
        let message = format!("Amount must be at least {}", format(minimum, currency));
        return Err(ApiError::coded("amount_too_small", "amount", message));
    }
    let largest = method_types.iter().map(|kind| largest(kind, "", currency)).max().unwrap_or(LARGEST_BY_CARD);
    check_maximum(amount, currency, largest)?;
    check_granularity(amount, currency)
}

/// Checks that an amount can be paid with this payment method.
///
/// # Errors
///
/// 400 `amount_too_large`.
pub fn check_payable_with(amount: i64, currency: &str, kind: &str, brand: &str) -> Result<(), ApiError> {
    check_maximum(amount, currency, largest(kind, brand, currency))
}

/// The largest amount that a payment method takes, in minor units.
fn largest(kind: &str, brand: &str, currency: &str) -> i64 {
    match (kind, brand) {
        ("card", "amex") => LARGEST_BY_AMEX,
        ("card", _) => LARGEST_BY_CARD,
        _ => {
            let known = LARGEST_OTHERWISE_IN.iter().find(|(known, _)| *known == currency);
            known.map_or(LARGEST_OTHERWISE, |(_, largest)| *largest)
        }
    }
}

fn check_maximum(amount: i64, currency: &str, largest: i64) -> Result<(), ApiError> {
    if amount <= largest {
        return Ok(());
    }
    let message = format!("Amount must be no more than {}", format(largest, currency));
    Err(ApiError::coded("amount_too_large", "amount", message))
}

/// Checks that the currency can express the amount, of a payment or of a refund.
///
/// # Errors
///
/// 400 when it is not a multiple of what it has to be.
pub fn check_granularity(amount: i64, currency: &str) -> Result<(), ApiError> {
    let granularity = if lists(THREE_DECIMAL, currency) {
        10
    } else if lists(TWO_ZEROES, currency) {
        100
    } else {
        1
    };
    if amount % granularity == 0 {
        return Ok(());
    }
    let message = format!("Invalid {currency} amount: it must be divisible by {granularity}.");
    Err(ApiError::coded("parameter_invalid_integer", "amount", message))
}

/// An amount for people, as in `$12.50 usd`.
pub fn format(amount: i64, currency: &str) -> String {
    let decimals: u32 = if lists(ZERO_DECIMAL, currency) {
        0
    } else if lists(THREE_DECIMAL, currency) {
        3
    } else {
        2
    };
    let unit = 10_i64.pow(decimals);
    let symbol = match currency {
        "usd" => "$",
        "eur" => "€",
        "gbp" => "£",
        "jpy" => "¥",
        _ => "",
    };
    if decimals == 0 {
        return format!("{symbol}{amount} {currency}");
    }
    let (whole, part, width) = (amount / unit, amount % unit, decimals as usize);
    format!("{symbol}{whole}.{part:0width$} {currency}")
}

fn lists(list: &str, currency: &str) -> bool {
    list.split(' ').any(|known| known == currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(amount: i64, currency: &str) -> Option<&'static str> {
        check_amount(amount, currency, &["card".to_owned()]).err().and_then(|error| error.code)
    }

    #[test]
    fn the_documented_currencies_are_taken_and_no_others() {
        assert_eq!(SUPPORTED.split_whitespace().count(), 139, "134 with two decimals or none, 5 with three");
        for taken in ["ang", "std", "sle", "xcg", "byn", "bhd", "mga", "ugx"] {
            assert_eq!(parse(taken).unwrap(), taken);
        }
        // ISO 4217 knows them and Stripe does not take them; two joined the euro.
        for other in [
            "bgn", "bov", "btn", "che", "chw", "clf", "cou", "cup", "ern", "ghs", "hrk", "iqd", "irr", "kpw", "lyd",
            "mru", "mxv", "sdg", "sll", "ssp", "stn", "svc", "syp", "tmt", "usn", "uyi", "ved", "ves", "xdr", "zwg",
        ] {
            let refused = parse(other).unwrap_err();
            assert_eq!(
                (refused.status, refused.code, refused.param.as_deref()),
                (400, None, Some("currency")),
                "{other}"
            );
        }
    }

    #[test]
    fn every_minimum_is_one_of_a_currency_that_is_taken() {
        for (currency, minimum) in MINIMUM {
            assert_eq!(parse(currency).unwrap(), currency);
            assert_eq!(code(minimum, currency), None, "{currency}");
            assert_eq!(code(minimum - 1, currency), Some("amount_too_small"), "{currency}");
        }
    }

    #[test]
    fn the_maximum_is_the_payment_methods() {
        let with = |amount, currency, kind, brand| check_payable_with(amount, currency, kind, brand).is_ok();
        for (kind, brand, currency, largest) in [
            ("card", "visa", "eur", 999_999_999_999),
            ("card", "amex", "usd", 999_999_999),
            ("sepa_debit", "", "eur", 99_999_999),
            ("link", "", "idr", 999_999_999_999),
            ("link", "", "cop", 9_999_999_999),
            ("link", "", "inr", 999_999_999),
        ] {
            assert!(
                with(largest, currency, kind, brand) && !with(largest + 1, currency, kind, brand),
                "{kind} {currency}"
            );
        }
        let debits_alone = ["sepa_debit".to_owned()];
        let refused = check_amount(100_000_000, "eur", &debits_alone).unwrap_err();
        assert_eq!(refused.code, Some("amount_too_large"));
    }

    #[test]
    fn amounts_have_bounds_by_currency() {
        for (amount, currency, expected) in [
            (50, "usd", None),
            (49, "usd", Some("amount_too_small")),
            (30, "gbp", None),
            (29, "gbp", Some("amount_too_small")),
            (50, "jpy", None),
            (49, "jpy", Some("amount_too_small")),
            (999_999_999_999, "usd", None),
            (1_000_000_000_000, "usd", Some("amount_too_large")),
            (0, "usd", Some("parameter_invalid_integer")),
            (-5, "usd", Some("parameter_invalid_integer")),
            (1230, "kwd", None),
            (1234, "kwd", Some("parameter_invalid_integer")),
            (999_999_999_999, "idr", None),
            (1_000_000_000_000, "idr", Some("amount_too_large")),
            (150, "isk", Some("parameter_invalid_integer")),
        ] {
            assert_eq!(code(amount, currency), expected, "{amount} {currency}");
        }
    }

    #[test]
    fn currencies_are_read_in_any_case_and_written_with_their_decimals() {
        assert_eq!(parse("EUR").unwrap(), "eur");
        assert_eq!(parse("dollars").unwrap_err().param.as_deref(), Some("currency"));
        assert!(parse("").is_err());
        assert_eq!(format(1250, "usd"), "$12.50 usd");
        assert_eq!(format(1250, "jpy"), "¥1250 jpy");
        assert_eq!(format(1005, "kwd"), "1.005 kwd");
    }
}
