//! What a row says of an order.

use domain::{Money, Order, OrderId};
use serde_json::Value;

/// How many columns a row has: A to L.
pub const COLUMNS: usize = 12;

/// The first row, which names the columns. Amounts are in the currency's units (12.50, not 1250), so that people can add
/// them up; times are UTC in RFC 3339; `version` is the order's, by which a stale row is found.
pub const HEADER: [&str; COLUMNS] = [
    "order_id",
    "placed_at",
    "status",
    "customer",
    "email",
    "currency",
    "total",
    "captured",
    "refunded",
    "items",
    "version",
    "updated_at",
];

/// The first row that an order can have; row 1 is the header.
pub const FIRST_ROW: u32 = 2;

/// The most characters in a cell (<https://support.google.com/drive/answer/37603>).
const CELL_LIMIT: usize = 50_000;

/// Above this a double no longer holds every minor unit; the amount is then written as text.
const EXACT_LIMIT: u64 = 1_000_000_000_000_000;

/// A cell's content.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text as it is in the sheet.
    Text(String),
    /// A number. The sheet itself keeps numbers as doubles.
    Number(f64),
}

impl Cell {
    /// Text from people, made harmless: a leading `'` keeps what looks like a formula from ever being run as one,
    /// by the sheet or by what the sheet is exported to
    /// (<https://owasp.org/www-community/attacks/CSV_Injection>).
    pub fn text(text: &str) -> Self {
        let quote = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        Self::Text(quote.chars().chain(text.chars()).take(CELL_LIMIT).collect())
    }

    /// An amount in the currency's units.
    pub fn amount(money: Money) -> Self {
        let text = money.to_string();
        let decimal = text.split(' ').next().unwrap_or_default();
        match decimal.parse() {
            Ok(number) if money.amount.unsigned_abs() < EXACT_LIMIT => Self::Number(number),
            _ => Self::text(decimal),
        }
    }

    pub(crate) fn from_value(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::Null => Self::Text(String::new()),
            other => Self::Text(other.to_string()),
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) => Value::from(*number),
        }
    }

    fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// A row: an order's when it is written, any content when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Vec<Cell>);

impl Row {
    /// The order as it is.
    pub fn of(order: &Order) -> Self {
        let facts = &order.payment.facts;
        let money = |amount| Cell::amount(Money::new(amount, order.total.currency));
        let items: Vec<_> = order.lines.iter().map(|line| format!("{} × {}", line.quantity, line.name)).collect();
        Self(vec![
            Cell::text(&order.id.to_string()),
            Cell::text(&order.placed_at.to_string()),
            Cell::text(order.status.as_str()),
            Cell::text(&order.customer.to_string()),
            Cell::text(order.person.contact().map_or("", |contact| contact.email.as_str())),
            Cell::text(order.total.currency.code()),
            Cell::amount(order.total),
            money(facts.captured()),
            money(facts.refunded()),
            Cell::text(&items.join("; ")),
            version(order.version),
            Cell::text(&order.updated_at.to_string()),
        ])
    }

    pub(crate) fn read(values: Vec<Value>) -> Self {
        Self(values.into_iter().map(Cell::from_value).collect())
    }

    /// The cells, from column A; those that are empty up to the end may be missing.
    pub fn cells(&self) -> &[Cell] {
        &self.0
    }

    /// The order that the row names, if it names one.
    pub fn order_id(&self) -> Option<OrderId> {
        self.0.first()?.as_text()?.parse().ok()
    }

    /// Whether the row shows the order: it was not edited, moved or cleared by hand, and it is not outdated.
    pub fn is_of(&self, order: &Order) -> bool {
        *self == Self::of(order)
    }

    /// The order's version that the row shows.
    pub fn version(&self) -> Option<u64> {
        match self.0.get(COLUMNS - 2)? {
            Cell::Number(number) => format!("{number}").parse().ok(),
            Cell::Text(text) => text.parse().ok(),
        }
    }
}

fn version(version: u64) -> Cell {
    u32::try_from(version).map_or_else(|_| Cell::Text(version.to_string()), |version| Cell::Number(f64::from(version)))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;
    use testkit::Sample;

    use super::*;

    /// An order whose customer has an email address that would be a formula.
    pub(crate) fn order() -> Order {
        let customer = "cus_00000000000000000000000000000002".parse().unwrap();
        Sample { customer, email: "-anna@example.com", ..Sample::default() }.place().order
    }

    #[test]
    fn a_row_shows_the_order_under_its_header() {
        let row: Vec<_> = Row::of(&order()).cells().iter().map(Cell::to_value).collect();
        let expected = json!([
            "ord_00000000000000000000000000000001",
            "2026-09-21T14:13:20.000Z",
            "pending_payment",
            "cus_00000000000000000000000000000002",
            "'-anna@example.com",
            "EUR",
            34.99,
            0.0,
            0.0,
            "2 × Mug; 1 × Tea",
            1.0,
            "2026-09-21T14:13:20.000Z",
        ]);
        assert_eq!(json!(row), expected);
        assert_eq!(row.len(), HEADER.len());
    }

    #[test]
    fn what_looks_like_a_formula_is_quoted() {
        for text in ["=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(Cell::text(text), Cell::Text(format!("'{text}")));
        }
        for text in ["", "a=1", "'=1", " =1", "Müller"] {
            assert_eq!(Cell::text(text), Cell::Text(text.to_owned()));
        }
        let Cell::Text(long) = Cell::text(&"é".repeat(60_000)) else { panic!("a number") };
        assert_eq!(long.chars().count(), 50_000);
    }

    #[test]
    fn amounts_are_numbers_in_units_as_long_as_numbers_hold_them() {
        let amount = |amount, code: &str| Cell::amount(Money::new(amount, code.parse().unwrap()));
        for (minor, code, expected) in [
            (3499, "eur", Cell::Number(34.99)),
            (3499, "jpy", Cell::Number(3499.0)),
            (3499, "kwd", Cell::Number(3.499)),
            (-5, "eur", Cell::Number(-0.05)),
            (999_999_999_999_999, "eur", Cell::Number(9_999_999_999_999.99)),
            (i64::MAX, "eur", Cell::Text("92233720368547758.07".to_owned())),
            (i64::MIN, "jpy", Cell::Text("'-9223372036854775808".to_owned())),
        ] {
            assert_eq!(amount(minor, code), expected, "{minor} {code}");
        }
    }

    #[test]
    fn a_row_that_was_read_names_its_order_and_version() {
        let values = |row: &Row| row.cells().iter().map(Cell::to_value).collect::<Vec<_>>();
        let order = order();
        let read = Row::read(values(&Row::of(&order)));
        assert_eq!((read.order_id(), read.version(), read.is_of(&order)), (Some(order.id), Some(1), true));

        let whole = |value: f64| json!(format!("{value}").parse::<i64>().unwrap());
        let mut as_google_answers = values(&Row::of(&order));
        for column in [7, 8, 10] {
            as_google_answers[column] = whole(as_google_answers[column].as_f64().unwrap());
        }
        assert!(Row::read(as_google_answers).is_of(&order), "0 and 0.0 are one number");

        let later = Order { version: 2, ..order.clone() };
        assert!(!read.is_of(&later));
        let mut edited = values(&read);
        edited[6] = json!(34.98);
        assert!(!Row::read(edited).is_of(&order));
        assert_eq!(Row::read(vec![json!("x"), json!(7)]).order_id(), None);
        assert_eq!(Row::read(vec![]).version(), None);
    }
}
