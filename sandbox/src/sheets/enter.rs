//! How a written value is entered: unchanged (`RAW`), or parsed as if a person had typed it (`USER_ENTERED`), locale
//! `en_US`.

use time::{Date, Month};

use super::cell::{Cell, CellInput};
use super::format::{Format, serial};

/// `valueInputOption`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputOption {
    /// Stored as it is.
    Raw,
    /// Read as if typed.
    UserEntered,
}

impl InputOption {
    /// The cell for a JSON value that is a string, number or boolean; empty text empties the cell.
    pub fn text(self, text: &str) -> Option<Cell> {
        match self {
            _ if text.is_empty() => None,
            Self::Raw => Some(Cell::plain(CellInput::Text(text.to_owned()))),
            Self::UserEntered => typed(text),
        }
    }
}

/// Parses typed text.
pub fn typed(text: &str) -> Option<Cell> {
    if let Some(literal) = text.strip_prefix('\'') {
        return (!literal.is_empty()).then(|| Cell::plain(CellInput::Text(literal.to_owned())));
    }
    let trimmed = text.trim();
    if trimmed.starts_with('=') && trimmed.len() > 1 {
        return Some(Cell::plain(CellInput::Formula(trimmed.to_owned())));
    }
    if let Some(cell) = boolean(trimmed).or_else(|| number(trimmed)).or_else(|| date_time(trimmed)) {
        return Some(cell);
    }
    // Sheets also takes a leading sign for the start of a formula: always after `+`, after `-` when it makes sense.
    let signed = trimmed.starts_with('+') || (trimmed.starts_with('-') && super::formula::is_formula(trimmed));
    if signed && trimmed.len() > 1 {
        return Some(Cell::plain(CellInput::Formula(format!("={trimmed}"))));
    }
    Some(Cell::plain(CellInput::Text(text.to_owned())))
}

fn boolean(text: &str) -> Option<Cell> {
    let truth = text.eq_ignore_ascii_case("true");
    (truth || text.eq_ignore_ascii_case("false")).then_some(Cell::plain(CellInput::Bool(truth)))
}

fn number(text: &str) -> Option<Cell> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (dollars, rest) = rest.strip_prefix('$').map_or((false, rest), |rest| (true, rest));
    let (percent, rest) = rest.strip_suffix('%').map_or((false, rest), |rest| (true, rest));
    let grouped = rest.contains(',');
    if grouped && !is_grouped(rest) {
        return None;
    }
    let digits = rest.replace(',', "");
    // `parse` also reads "inf", "nan" and the like, which are text to a sheet.
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let size: f64 = digits.parse().ok().filter(|size: &f64| size.is_finite())?;
    let decimals = if digits.contains('.') { 2 } else { 0 };
    let (size, format) = match (percent, dollars, grouped) {
        (true, ..) => (size / 100.0, Format::Percent(decimals)),
        (_, true, _) => (size, Format::Dollars(decimals)),
        (_, _, true) => (size, Format::Grouped(decimals)),
        _ => (size, Format::Automatic),
    };
    Some(Cell { entered: CellInput::Number(if negative { -size } else { size }), format })
}

/// Groups of three digits after the first: `1,234.5` is a number, `1,2` is text.
fn is_grouped(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or(text);
    let mut groups = whole.split(',');
    let first_fits = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    first_fits && groups.all(|group| group.len() == 3 && group.bytes().all(|digit| digit.is_ascii_digit()))
}

fn date_time(text: &str) -> Option<Cell> {
    let (date_part, time_part) = match text.split_once(' ') {
        Some((date, time)) => (Some(date), Some(time.trim())),
        None if text.contains(':') => (None, Some(text)),
        None => (Some(text), None),
    };
    let day = match date_part {
        Some(part) => Some(date(part)?),
        None => None,
    };
    let clock = match time_part {
        Some(part) => Some(clock(part)?),
        None => None,
    };
    let (number, format) = match (day, clock) {
        (Some((day, true)), None) => (day, Format::IsoDate),
        (Some((day, false)), None) => (day, Format::Date),
        (Some((day, true)), Some(clock)) => (day + clock, Format::IsoDateTime),
        (Some((day, false)), Some(clock)) => (day + clock, Format::DateTime),
        (None, Some(clock)) => (clock, Format::Time),
        (None, None) => return None,
    };
    Some(Cell { entered: CellInput::Number(number), format })
}

/// `2026-11-23` or `11/23/2026`: its serial number, and whether it was the first.
fn date(text: &str) -> Option<(f64, bool)> {
    let iso = text.contains('-');
    let parts: Vec<&str> = text.split(if iso { '-' } else { '/' }).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let (year, month, day) = if iso { (a, b, c) } else { (c, a, b) };
    if year.len() != 4 {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some((serial(date), iso))
}

/// `14:05` or `14:05:06` as a part of a day.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<u8> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (*hours, *minutes, 0),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    (hours < 24 && minutes < 60 && seconds < 60)
        .then(|| (f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + f64::from(seconds)) / 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::super::cell::Value;
    use super::*;

    fn shown(text: &str) -> (String, &'static str) {
        let cell = typed(text).unwrap();
        let (value, kind) = match cell.entered {
            CellInput::Number(number) => (Value::Number(number), "number"),
            CellInput::Text(text) => (Value::Text(text), "text"),
            CellInput::Bool(truth) => (Value::Bool(truth), "bool"),
            CellInput::Formula(text) => (Value::Text(text), "formula"),
        };
        (cell.format.show(&value), kind)
    }

    #[test]
    fn typing_is_read_as_sheets_reads_it() {
        for (typed, expected, kind) in [
            ("hello", "hello", "text"),
            ("00123", "123", "number"),
            ("1,234.50", "1,234.50", "number"),
            ("1,2", "1,2", "text"),
            ("-12.5%", "-12.50%", "number"),
            ("$5", "$5", "number"),
            ("1e3", "1000", "number"),
            ("inf", "inf", "text"),
            ("12345678901234567890", "1.23457E+19", "number"),
            ("true", "TRUE", "bool"),
            ("2026-11-23", "2026-11-23", "number"),
            ("11/23/2026", "11/23/2026", "number"),
            ("2026-11-23 14:05", "2026-11-23 14:05:00", "number"),
            ("2026-11-23T14:05:06Z", "2026-11-23T14:05:06Z", "text"),
            ("2026-13-01", "2026-13-01", "text"),
            ("'=1+1", "=1+1", "text"),
            ("'00123", "00123", "text"),
            ("=1+1", "=1+1", "formula"),
            ("=", "=", "text"),
            ("+4917012345", "4917012345", "number"),
            ("+49 170 12345", "=+49 170 12345", "formula"),
            ("+A1", "=+A1", "formula"),
            ("-A1", "=-A1", "formula"),
            ("- item", "- item", "text"),
            ("@SUM(A1)", "@SUM(A1)", "text"),
        ] {
            assert_eq!(shown(typed), (expected.to_owned(), kind), "{typed}");
        }
        assert_eq!((typed("'"), InputOption::Raw.text("")), (None, None));
    }

    #[test]
    fn raw_keeps_every_byte() {
        for text in ["=1+1", "'=1+1", "00123", "2026-11-23", "TRUE", " x "] {
            assert_eq!(InputOption::Raw.text(text), Some(Cell::plain(CellInput::Text(text.to_owned()))));
        }
    }
}
