//! How values are shown: automatic numbers, percent, currency, dates (locale `en_US`).

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::cell::Value;

/// Julian day of 1899-12-30, which is serial 0.
const EPOCH_JULIAN_DAY: i64 = 2_415_019;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// A number format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Up to ten significant digits.
    Automatic,
    /// `#,##0` with decimals.
    Grouped(usize),
    /// `$#,##0` with decimals.
    Dollars(usize),
    /// `0%` with decimals.
    Percent(usize),
    /// `yyyy-mm-dd`.
    IsoDate,
    /// `m/d/yyyy`.
    Date,
    /// `yyyy-mm-dd h:mm:ss`.
    IsoDateTime,
    /// `m/d/yyyy h:mm:ss`.
    DateTime,
    /// `h:mm:ss`.
    Time,
}

impl Format {
    /// Whether numbers of this format are dates or times.
    pub const fn is_date(self) -> bool {
        matches!(self, Self::IsoDate | Self::Date | Self::IsoDateTime | Self::DateTime | Self::Time)
    }

    /// What the sheet shows.
    pub fn show(self, value: &Value) -> String {
        match value {
            Value::Empty => String::new(),
            Value::Number(number) => self.show_number(*number),
            Value::Text(text) => text.clone(),
            Value::Bool(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
            Value::Error(error) => error.text().to_owned(),
        }
    }

    fn show_number(self, number: f64) -> String {
        match self {
            Self::Automatic => automatic(number),
            Self::Grouped(decimals) => grouped(number, decimals),
            Self::Dollars(decimals) => {
                let sign = if number < 0.0 { "-" } else { "" };
                format!("{sign}${}", grouped(number.abs(), decimals))
            }
            Self::Percent(decimals) => format!("{:.decimals$}%", number * 100.0),
            dated => show_date(dated, number).unwrap_or_else(|| automatic(number)),
        }
    }
}

/// The serial number of a date: days since 1899-12-30.
pub fn serial(date: Date) -> f64 {
    let days = i64::from(date.to_julian_day()) - EPOCH_JULIAN_DAY;
    f64::from(i32::try_from(days).unwrap_or(0))
}

/// The serial number of a moment, UTC.
pub fn serial_of(seconds_since_epoch: i64) -> f64 {
    let moment = OffsetDateTime::from_unix_timestamp(seconds_since_epoch).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let seconds = f64::from(moment.hour()) * 3600.0 + f64::from(moment.minute()) * 60.0 + f64::from(moment.second());
    serial(moment.date()) + seconds / SECONDS_PER_DAY
}

#[expect(clippy::cast_possible_truncation, reason = "rounded and bounded before")]
fn show_date(format: Format, number: f64) -> Option<String> {
    let seconds = (number * SECONDS_PER_DAY).round();
    if !(0.0..2_958_466.0 * SECONDS_PER_DAY).contains(&seconds) {
        return None;
    }
    let seconds = seconds as i64;
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    let date = Date::from_julian_day(i32::try_from(day + EPOCH_JULIAN_DAY).ok()?).ok()?;
    let clock = format!("{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    let iso = format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day());
    let us = format!("{}/{}/{}", u8::from(date.month()), date.day(), date.year());
    Some(match format {
        Format::IsoDate => iso,
        Format::Date => us,
        Format::IsoDateTime => format!("{iso} {clock}"),
        Format::DateTime => format!("{us} {clock}"),
        _ => clock,
    })
}

/// Whole numbers in full below 10^15, others to ten significant digits, very large and small ones with an exponent.
fn automatic(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let size = number.abs();
    if !(1e-9..1e15).contains(&size) {
        let text = format!("{number:.5E}");
        let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { "-" } else { "+" };
        return format!("{}E{sign}{:0>2}", trim_zeros(mantissa), exponent.trim_start_matches('-'));
    }
    if number.fract() == 0.0 {
        return format!("{number:.0}");
    }
    let whole_digits = format!("{:.0}", size.trunc()).len();
    let decimals = if size < 1.0 { 10 } else { 10_usize.saturating_sub(whole_digits) };
    trim_zeros(&format!("{number:.decimals$}"))
}

fn trim_zeros(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

fn grouped(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut out = if number < 0.0 { "-".to_owned() } else { String::new() };
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    fraction.map_or(out.clone(), |fraction| format!("{out}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_the_sheet_shows_them() {
        for (format, number, text) in [
            (Format::Automatic, 3.0, "3"),
            (Format::Automatic, -0.5, "-0.5"),
            (Format::Automatic, 1.0 / 3.0, "0.3333333333"),
            (Format::Automatic, 1_234.567_890_123, "1234.56789"),
            (Format::Automatic, 12_345_678_901_234_567_890.0, "1.23457E+19"),
            (Format::Grouped(2), 1_234_567.5, "1,234,567.50"),
            (Format::Grouped(0), 123.0, "123"),
            (Format::Dollars(2), -5.0, "-$5.00"),
            (Format::Percent(1), 0.125, "12.5%"),
            (Format::IsoDate, 46_349.0, "2026-11-23"),
            (Format::Date, 46_349.0, "11/23/2026"),
            (Format::IsoDateTime, 46_349.5, "2026-11-23 12:00:00"),
            (Format::Time, 0.25, "6:00:00"),
        ] {
            assert_eq!(format.show(&Value::Number(number)), text);
        }
    }

    #[test]
    fn serials_count_from_1899() {
        assert!((serial_of(0) - 25_569.0).abs() < 1e-9);
        assert!((serial_of(43_200) - 25_569.5).abs() < 1e-9);
    }
}
