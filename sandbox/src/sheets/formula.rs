//! Formulas: reading them.

use super::a1::A1;
use super::cell::CellError;

/// A formula, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A literal number.
    Number(f64),
    /// A literal text.
    Text(String),
    /// TRUE or FALSE.
    Bool(bool),
    /// A cell or a range.
    Range(A1),
    /// A function with its arguments.
    Call(String, Vec<Expr>),
    /// A sign in front.
    Negate(Box<Expr>),
    /// `%` behind.
    Percent(Box<Expr>),
    /// Two operands.
    Binary(Operator, Box<Expr>, Box<Expr>),
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Join,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Operators by their text, the longer first, with how strongly they bind.
const OPERATORS: [(&str, Operator, u8); 12] = [
    ("<>", Operator::Unequal, 1),
    ("<=", Operator::LessOrEqual, 1),
    (">=", Operator::GreaterOrEqual, 1),
    ("=", Operator::Equal, 1),
    ("<", Operator::Less, 1),
    (">", Operator::Greater, 1),
    ("&", Operator::Join, 2),
    ("+", Operator::Add, 3),
    ("-", Operator::Subtract, 3),
    ("*", Operator::Multiply, 4),
    ("/", Operator::Divide, 4),
    ("^", Operator::Power, 5),
];

/// The deepest nesting; deeper formulas are refused instead of filling the stack.
const MAX_DEPTH: usize = 64;

/// Reads a formula, with its `=` or without.
pub fn parse(text: &str) -> Result<Expr, CellError> {
    let mut parser = Parser { rest: text.strip_prefix('=').unwrap_or(text), depth: 0 };
    let expr = parser.binary(0)?;
    parser.skip_space();
    if parser.rest.is_empty() { Ok(expr) } else { Err(CellError::Parse) }
}

/// Whether a text reads as a formula that would do something.
pub fn is_formula(text: &str) -> bool {
    parse(text).is_ok()
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken.to_owned()
    }

    fn binary(&mut self, at_least: u8) -> Result<Expr, CellError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(CellError::Parse);
        }
        let mut left = self.unary()?;
        loop {
            self.skip_space();
            let found = OPERATORS.iter().find(|(token, ..)| self.rest.starts_with(token));
            let Some((token, operator, strength)) = found.filter(|(.., strength)| *strength > at_least) else { break };
            self.take(token);
            let right = self.binary(*strength)?;
            left = Expr::Binary(*operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, CellError> {
        let mut negative = false;
        loop {
            if self.take("-") {
                negative = !negative;
            } else if !self.take("+") {
                break;
            }
        }
        let mut expr = self.primary()?;
        while self.take("%") {
            expr = Expr::Percent(Box::new(expr));
        }
        Ok(if negative { Expr::Negate(Box::new(expr)) } else { expr })
    }

    fn primary(&mut self) -> Result<Expr, CellError> {
        self.skip_space();
        match self.rest.chars().next().ok_or(CellError::Parse)? {
            '(' => {
                self.take("(");
                let inner = self.binary(0)?;
                if self.take(")") { Ok(inner) } else { Err(CellError::Parse) }
            }
            '"' => self.literal_text(),
            '\'' => self.quoted_reference(),
            c if c.is_ascii_digit() || c == '.' => self.literal_number(),
            c if c.is_alphabetic() || c == '_' || c == '$' => self.word(),
            _ => Err(CellError::Parse),
        }
    }

    fn literal_text(&mut self) -> Result<Expr, CellError> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((index, c)) = chars.next() {
            if c != '"' {
                text.push(c);
            } else if chars.peek().is_some_and(|(_, next)| *next == '"') {
                text.push('"');
                chars.next();
            } else {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok(Expr::Text(text));
            }
        }
        Err(CellError::Parse)
    }

    fn literal_number(&mut self) -> Result<Expr, CellError> {
        let mut digits = self.take_while(|c| c.is_ascii_digit() || c == '.');
        if self.rest.starts_with(':') && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            let range = digits + &self.take_while(|c| c == ':' || c.is_ascii_digit());
            return A1::parse(&range).map(Expr::Range).ok_or(CellError::Parse);
        }
        let exponent = self.rest.strip_prefix(['e', 'E']).map(|rest| rest.trim_start_matches(['+', '-']));
        if exponent.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            digits += &self.take_while(|c| matches!(c, 'e' | 'E' | '+' | '-') || c.is_ascii_digit());
        }
        digits.parse().map(Expr::Number).map_err(|_| CellError::Parse)
    }

    fn quoted_reference(&mut self) -> Result<Expr, CellError> {
        let end = self.rest.find("'!").ok_or(CellError::Parse)?;
        let (title, rest) = self.rest.split_at(end + 2);
        let title = title.to_owned();
        self.rest = rest;
        let cells = self.take_while(is_cell_char);
        A1::parse(&(title + &cells)).map(Expr::Range).ok_or(CellError::Parse)
    }

    fn word(&mut self) -> Result<Expr, CellError> {
        let mut word = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
        if self.take("(") {
            return self.arguments().map(|arguments| Expr::Call(word.to_uppercase(), arguments));
        }
        if self.rest.starts_with(['!', ':']) {
            let separator = self.take_while(|c| matches!(c, '!' | ':'));
            word = word + &separator + &self.take_while(is_cell_char);
            return A1::parse(&word).map(Expr::Range).ok_or(CellError::Parse);
        }
        match word.to_uppercase().as_str() {
            "TRUE" => Ok(Expr::Bool(true)),
            "FALSE" => Ok(Expr::Bool(false)),
            // A word that is not a cell is an undefined name.
            _ => A1::parse(&word).filter(A1::is_cell).map(Expr::Range).ok_or(CellError::Name),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, CellError> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.binary(0)?);
            if self.take(")") {
                return Ok(arguments);
            }
            if !self.take(",") && !self.take(";") {
                return Err(CellError::Parse);
            }
        }
    }
}

fn is_cell_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '$' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_formula_is_an_error() {
        for (text, error) in [
            ("=1+", CellError::Parse),
            ("=(1", CellError::Parse),
            ("=\"open", CellError::Parse),
            ("=SUM(1", CellError::Parse),
            ("=1 2", CellError::Parse),
            ("=nobody", CellError::Name),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert_eq!(parse(&format!("={}1", "(".repeat(10_000))), Err(CellError::Parse));
    }

    #[test]
    fn operators_bind_as_in_arithmetic() {
        let shape = |text| format!("{:?}", parse(text).unwrap());
        assert_eq!(shape("=1+2*3"), shape("=1+(2*3)"));
        assert_eq!(shape("=1-2-3"), shape("=(1-2)-3"));
        assert_eq!(shape("=1&2=3"), shape("=(1&2)=3"));
        assert_eq!(shape("=--1"), shape("=1"));
    }
}
