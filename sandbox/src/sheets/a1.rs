//! A1 notation: `Sheet1!A1:C3`, `'My tab'!A:A`, `2:5`, a bare tab name.

use std::fmt::Write as _;

/// Google's limit of columns: `ZZZ`.
pub const MAX_COLUMNS: usize = 18_278;

/// A range as it was written; absent ends are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct A1 {
    /// The tab's title; the first tab when absent.
    pub tab: Option<String>,
    /// First and last row, counted from 0, last included.
    pub rows: Span,
    /// First and last column, counted from 0, last included.
    pub columns: Span,
}

/// Rows or columns from one to another, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first; 0 when it was left open.
    pub first: usize,
    /// The last; open when absent.
    pub last: Option<usize>,
}

impl A1 {
    /// Parses a range; `None` when it is malformed. A bare word that is not a cell is a tab's title.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((tab, cells)) = split_tab(text) {
            let (rows, columns) = cells_of(cells)?;
            return Some(Self { tab: Some(tab), rows, columns });
        }
        if let Some((rows, columns)) = cells_of(text) {
            return Some(Self { tab: None, rows, columns });
        }
        let title = unquote(text).unwrap_or_else(|| text.to_owned());
        (!title.is_empty()).then(|| Self { tab: Some(title), rows: Span::default(), columns: Span::default() })
    }

    /// Whether it names exactly one cell.
    pub fn is_cell(&self) -> bool {
        self.rows.last == Some(self.rows.first) && self.columns.last == Some(self.columns.first)
    }
}

/// A column's letters: 0 is `A`, 26 is `AA`.
pub fn letters(column: usize) -> String {
    let mut rest = column + 1;
    let mut reversed = String::new();
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        reversed.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    reversed.chars().rev().collect()
}

/// The column of some letters, `None` beyond `ZZZ`.
pub fn column(letters: &str) -> Option<usize> {
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let mut number = 0;
    for letter in letters.bytes() {
        let letter = letter.to_ascii_uppercase();
        if !letter.is_ascii_uppercase() {
            return None;
        }
        number = number * 26 + usize::from(letter - b'A') + 1;
    }
    Some(number - 1)
}

/// Writes a range the way Google answers it: `Sheet1!A1:B2`, one cell without a colon, the title quoted where needed.
/// Rows and columns are first and last, both included.
pub fn format(tab: &str, rows: (usize, usize), columns: (usize, usize)) -> String {
    let mut text = format!("{}!{}{}", quoted(tab), letters(columns.0), rows.0 + 1);
    if rows.0 != rows.1 || columns.0 != columns.1 {
        let _ = write!(text, ":{}{}", letters(columns.1), rows.1 + 1);
    }
    text
}

/// A tab's title as A1 notation writes it.
pub fn quoted(title: &str) -> String {
    let plain = title.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !title.starts_with(|c: char| c.is_ascii_digit())
        && cells_of(title).is_none();
    if plain { title.to_owned() } else { format!("'{}'", title.replace('\'', "''")) }
}

fn split_tab(text: &str) -> Option<(String, &str)> {
    let (tab, cells) = text.rsplit_once('!')?;
    let tab = unquote(tab).unwrap_or_else(|| tab.to_owned());
    Some((tab, cells))
}

fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inner.replace("''", "'"))
}

fn cells_of(text: &str) -> Option<(Span, Span)> {
    let (start, end) = text.split_once(':').unwrap_or((text, text));
    let (start, end) = (corner(start)?, corner(end)?);
    let is_range = text.contains(':');
    match (start, end) {
        ((None, None), _) | (_, (None, None)) => None,
        ((Some(_), None) | (None, Some(_)), _) if !is_range => None,
        _ => Some((span(start.1, end.1), span(start.0, end.0))),
    }
}

/// An end that is left open reaches to the grid's end: `A2:C` has no last row.
fn span(start: Option<usize>, end: Option<usize>) -> Span {
    match (start, end) {
        (Some(start), Some(end)) => Span { first: start.min(end), last: Some(start.max(end)) },
        (Some(only), None) | (None, Some(only)) => Span { first: only, last: None },
        (None, None) => Span::default(),
    }
}

/// Column and row of a corner such as `B3`, `$B$3`, `B` or `3`.
fn corner(text: &str) -> Option<(Option<usize>, Option<usize>)> {
    let text = text.strip_prefix('$').unwrap_or(text);
    let split = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (letters, digits) = text.split_at(split);
    let digits = digits.strip_prefix('$').unwrap_or(digits);
    let column = if letters.is_empty() { None } else { Some(column(letters)?) };
    let row = if digits.is_empty() { None } else { Some(digits.parse::<usize>().ok()?.checked_sub(1)?) };
    digits.bytes().all(|digit| digit.is_ascii_digit()).then_some((column, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Ends = (usize, Option<usize>);

    fn spans(text: &str) -> (Option<String>, Ends, Ends) {
        let range = A1::parse(text).unwrap();
        (range.tab, (range.rows.first, range.rows.last), (range.columns.first, range.columns.last))
    }

    #[test]
    fn ranges_are_read() {
        let tab = |title: &str| Some(title.to_owned());
        for (text, expected) in [
            ("A1", (None, (0, Some(0)), (0, Some(0)))),
            ("Sheet1!B2:C3", (tab("Sheet1"), (1, Some(2)), (1, Some(2)))),
            ("Sheet1!C3:B2", (tab("Sheet1"), (1, Some(2)), (1, Some(2)))),
            ("'My tab'!A:A", (tab("My tab"), (0, None), (0, Some(0)))),
            ("'It''s'!$A$2:C", (tab("It's"), (1, None), (0, Some(2)))),
            ("2:5", (None, (1, Some(4)), (0, None))),
            ("Orders", (tab("Orders"), (0, None), (0, None))),
            ("Sheet1", (tab("Sheet1"), (0, None), (0, None))),
            ("'A1'", (tab("A1"), (0, None), (0, None))),
        ] {
            assert_eq!(spans(text), expected, "{text}");
        }
        for nonsense in ["", "Sheet1!", "Sheet1!A0", "Sheet1!1A", "Sheet1!A1:"] {
            assert_eq!(A1::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn letters_and_columns_agree() {
        for (number, text) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (18_277, "ZZZ")] {
            assert_eq!((letters(number).as_str(), column(text)), (text, Some(number)));
        }
        assert_eq!(column("AAAA"), None);
    }

    #[test]
    fn titles_are_quoted_where_they_must_be() {
        for (title, text) in [
            ("Sheet1", "Sheet1!A1:B2"),
            ("My tab", "'My tab'!A1:B2"),
            ("It's", "'It''s'!A1:B2"),
            ("A1", "'A1'!A1:B2"),
            ("2026", "'2026'!A1:B2"),
        ] {
            assert_eq!(format(title, (0, 1), (0, 1)), text);
        }
        assert_eq!(format("Sheet1", (4, 4), (2, 2)), "Sheet1!C5");
    }
}
