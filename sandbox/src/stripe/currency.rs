//! Currencies as Stripe takes them (docs.stripe.com/currencies), written down apart from the product's own table.

use super::errors::ApiError;

/// The largest amount of one payment: eight digits.
const LARGEST: i64 = 99_999_999;
/// Of rupiah, twelve digits.
const LARGEST_IDR: i64 = 999_999_999_999;

const SUPPORTED: &str = "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn \
    bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk \
    htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop \
    mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek \
    sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw";

const ZERO_DECIMAL: &str = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf";
const THREE_DECIMAL: &str = "bhd jod kwd omr tnd";
/// Without decimals, yet written with two for old times' sake: the last two digits must be zero.
const TWO_ZEROES: &str = "isk ugx";

/// Minimum charge amounts; of the other currencies Stripe asks for what it can settle, here one unit.
const MINIMUM: &[(&str, i64)] = &[
    ("usd", 50),
    ("aed", 200),
    ("aud", 50),
    ("bgn", 100),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1000),
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

/// Checks the amount of a payment, in minor units.
///
/// # Errors
///
/// 400 when it is below the minimum, above the maximum, or not a whole unit where it has to be.
pub fn check_amount(amount: i64, currency: &str) -> Result<(), ApiError> {
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::coded("parameter_invalid_integer", "amount", message));
    }
    let minimum = MINIMUM.iter().find(|(known, _)| *known == currency).map_or(1, |(_, minimum)| *minimum);
    if amount < minimum {
        let message = format!("Amount must be at least {}", format(minimum, currency));
        return Err(ApiError::coded("amount_too_small", "amount", message));
    }
    let largest = if currency == "idr" { LARGEST_IDR } else { LARGEST };
    if amount > largest {
        let message = format!("Amount must be no more than {}", format(largest, currency));
        return Err(ApiError::coded("amount_too_large", "amount", message));
    }
    let granularity = if lists(THREE_DECIMAL, currency) {
        10
    } else if lists(TWO_ZEROES, currency) {
        100
    } else {
        1
    };
    if amount % granularity != 0 {
        let message = format!("Invalid {currency} amount: it must be divisible by {granularity}.");
        return Err(ApiError::coded("parameter_invalid_integer", "amount", message));
    }
    Ok(())
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
        check_amount(amount, currency).err().and_then(|error| error.code)
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
            (99_999_999, "usd", None),
            (100_000_000, "usd", Some("amount_too_large")),
            (0, "usd", Some("parameter_invalid_integer")),
            (-5, "usd", Some("parameter_invalid_integer")),
            (1230, "kwd", None),
            (1234, "kwd", Some("parameter_invalid_integer")),
            (99_999_999, "usd", None),
            (100_000_000, "usd", Some("amount_too_large")),
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
