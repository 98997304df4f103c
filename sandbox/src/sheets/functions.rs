//! The functions of formulas: the common ones, and those that would fetch something over the network, which are
//! recorded and evaluate to `#REF!`.

use std::cmp::Ordering;
use std::mem::discriminant;

use super::cell::{CellError, Value};
use super::evaluate::Evaluator;
use super::format;
use super::formula::Expr;

/// Functions that go outside: with these a text that becomes a formula can leak the sheet.
const OUTSIDE: [&str; 7] =
    ["IMPORTXML", "IMPORTHTML", "IMPORTDATA", "IMPORTFEED", "IMPORTRANGE", "IMAGE", "GOOGLEFINANCE"];

/// Calls a function by its name in capitals.
pub fn call(evaluator: &Evaluator, name: &str, arguments: &[Expr]) -> Result<Value, CellError> {
    if OUTSIDE.contains(&name) {
        let target = arguments.first().map(|first| evaluator.scalar(first).and_then(|value| value.text()));
        evaluator.note_call(name, target.and_then(Result::ok).unwrap_or_default());
        return Err(CellError::Reference);
    }
    match name {
        "IF" | "IFERROR" | "ISERROR" | "ROW" | "COLUMN" | "HYPERLINK" | "VLOOKUP" | "NOW" | "TODAY" | "COUNTIF"
        | "SUMIF" => special(evaluator, name, arguments),
        _ => {
            let values = arguments.iter().map(|argument| evaluator.all(argument)).collect::<Result<Vec<_>, _>>()?;
            numeric(name, &values)
                .or_else(|error| if error == CellError::Name { textual(name, &values) } else { Err(error) })
        }
    }
}

/// How Sheets orders values: numbers before text before truths, text without regard to case.
pub fn compare(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::Text(_) => 1,
        Value::Bool(_) => 2,
        Value::Error(_) => 3,
        Value::Empty => 4,
    };
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.total_cmp(b),
        (Value::Text(a), Value::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Empty, Value::Text(text)) if text.is_empty() => Ordering::Equal,
        (Value::Empty, Value::Number(number)) => 0.0_f64.total_cmp(number),
        (Value::Number(number), Value::Empty) => number.total_cmp(&0.0),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Functions that must not work out all their arguments first, or that need the place they stand in.
fn special(evaluator: &Evaluator, name: &str, arguments: &[Expr]) -> Result<Value, CellError> {
    let argument = |index: usize| arguments.get(index).ok_or(CellError::NotAvailable);
    match name {
        "IF" => {
            let branch = if evaluator.scalar(argument(0)?)?.truth()? { Some(argument(1)?) } else { arguments.get(2) };
            branch.map_or(Ok(Value::Bool(false)), |branch| evaluator.scalar(branch))
        }
        "IFERROR" => evaluator.scalar(argument(0)?).or_else(|_| {
            arguments.get(1).map_or(Ok(Value::Text(String::new())), |fallback| evaluator.scalar(fallback))
        }),
        "ISERROR" => Ok(Value::Bool(evaluator.scalar(argument(0)?).is_err())),
        "ROW" | "COLUMN" => {
            let place = match arguments.first() {
                Some(Expr::Range(range)) => (range.rows.first, range.columns.first),
                Some(_) => return Err(CellError::Value),
                None => evaluator.here(),
            };
            Ok(count(if name == "ROW" { place.0 + 1 } else { place.1 + 1 }))
        }
        "HYPERLINK" => evaluator.scalar(arguments.get(1).map_or_else(|| argument(0), Ok)?),
        "NOW" => Ok(Value::Number(format::serial_of(evaluator.now.seconds()))),
        "TODAY" => Ok(Value::Number(format::serial_of(evaluator.now.seconds()).floor())),
        "COUNTIF" | "SUMIF" => conditional(evaluator, name, arguments),
        _ => lookup(evaluator, arguments),
    }
}

/// `COUNTIF(range, criterion)` and `SUMIF(range, criterion[, sums])`; the criterion is a value or `">3"`.
fn conditional(evaluator: &Evaluator, name: &str, arguments: &[Expr]) -> Result<Value, CellError> {
    let [range, criterion, rest @ ..] = arguments else { return Err(CellError::NotAvailable) };
    let tested = evaluator.all(range)?;
    let criterion = evaluator.scalar(criterion)?;
    let hits = tested.iter().map(|value| meets(value, &criterion));
    if name == "COUNTIF" {
        return Ok(count(hits.filter(|hit| *hit).count()));
    }
    let summed = rest.first().map_or_else(|| Ok(tested.clone()), |sums| evaluator.all(sums))?;
    let total = summed.iter().zip(hits).filter(|(_, hit)| *hit).filter_map(|(value, _)| as_number(value)).sum();
    Ok(Value::Number(total))
}

fn meets(value: &Value, criterion: &Value) -> bool {
    let Value::Text(text) = criterion else { return compare(value, criterion) == Ordering::Equal };
    let operators = ["<>", "<=", ">=", "=", "<", ">"];
    let operator = operators.into_iter().find(|operator| text.starts_with(operator)).unwrap_or_default();
    let operand = text.get(operator.len()..).unwrap_or_default();
    let operand = operand.parse().map_or_else(|_| Value::Text(operand.to_owned()), Value::Number);
    let order = compare(value, &operand);
    // Numbers are only ever less or greater than numbers, text than text.
    if matches!(operator, "<" | "<=" | ">" | ">=") && discriminant(value) != discriminant(&operand) {
        return false;
    }
    match operator {
        "<>" => order != Ordering::Equal,
        "<=" => order != Ordering::Greater,
        ">=" => order != Ordering::Less,
        "<" => order == Ordering::Less,
        ">" => order == Ordering::Greater,
        _ => order == Ordering::Equal,
    }
}

/// `VLOOKUP(key, range, column[, sorted])`, always by equality.
fn lookup(evaluator: &Evaluator, arguments: &[Expr]) -> Result<Value, CellError> {
    let [key, Expr::Range(range), column, ..] = arguments else { return Err(CellError::NotAvailable) };
    let (key, column) = (evaluator.scalar(key)?, whole(&evaluator.scalar(column)?)?);
    let rows = evaluator.values(range)?;
    let found = rows.iter().find(|row| row.first().is_some_and(|cell| compare(cell, &key) == Ordering::Equal));
    let place = column.checked_sub(1).ok_or(CellError::Value)?;
    Ok(found.ok_or(CellError::NotAvailable)?.get(place).cloned().unwrap_or(Value::Empty))
}

fn numeric(name: &str, values: &[Vec<Value>]) -> Result<Value, CellError> {
    let flat = || values.iter().flatten();
    let numbers = || -> Result<Vec<f64>, CellError> {
        let error = flat().find_map(|value| if let Value::Error(error) = value { Some(*error) } else { None });
        error.map_or_else(|| Ok(flat().filter_map(as_number).collect()), Err)
    };
    let first = || values.first().and_then(|list| list.first()).ok_or(CellError::NotAvailable);
    let truths = || flat().filter(|value| **value != Value::Empty).map(Value::truth).collect::<Result<Vec<_>, _>>();
    Ok(match name {
        "SUM" => Value::Number(numbers()?.iter().sum()),
        "PRODUCT" => Value::Number(numbers()?.iter().product()),
        "AVERAGE" => {
            let numbers = numbers()?;
            let size = u32::try_from(numbers.len()).map_err(|_| CellError::Number)?;
            if size == 0 {
                return Err(CellError::Division);
            }
            Value::Number(numbers.iter().sum::<f64>() / f64::from(size))
        }
        "MIN" => Value::Number(numbers()?.into_iter().reduce(f64::min).unwrap_or(0.0)),
        "MAX" => Value::Number(numbers()?.into_iter().reduce(f64::max).unwrap_or(0.0)),
        "COUNT" => count(flat().filter_map(as_number).count()),
        "COUNTA" => count(flat().filter(|value| **value != Value::Empty).count()),
        "ABS" => Value::Number(first()?.number()?.abs()),
        "INT" => Value::Number(first()?.number()?.floor()),
        "ROUND" => {
            let digits = values.get(1).and_then(|list| list.first()).map_or(Ok(0.0), Value::number)?;
            let scale = 10_f64.powf(digits.trunc());
            Value::Number((first()?.number()? * scale).round() / scale)
        }
        "AND" => Value::Bool(truths()?.into_iter().all(|truth| truth)),
        "OR" => Value::Bool(truths()?.into_iter().any(|truth| truth)),
        "NOT" => Value::Bool(!first()?.truth()?),
        "TRUE" => Value::Bool(true),
        "FALSE" => Value::Bool(false),
        _ => return Err(CellError::Name),
    })
}

fn textual(name: &str, values: &[Vec<Value>]) -> Result<Value, CellError> {
    let text = |index: usize| {
        let value = values.get(index).and_then(|list| list.first()).ok_or(CellError::NotAvailable)?;
        value.text()
    };
    let size = |index: usize, otherwise: usize| match values.get(index).and_then(|list| list.first()) {
        Some(value) => whole(value),
        None => Ok(otherwise),
    };
    let joined = || values.iter().flatten().map(Value::text).collect::<Result<String, _>>();
    Ok(Value::Text(match name {
        "CONCATENATE" | "CONCAT" | "JOIN" => joined()?,
        "UPPER" => text(0)?.to_uppercase(),
        "LOWER" => text(0)?.to_lowercase(),
        "TRIM" => text(0)?.split_whitespace().collect::<Vec<_>>().join(" "),
        "CHAR" => u32::try_from(size(0, 0)?).ok().and_then(char::from_u32).ok_or(CellError::Number)?.to_string(),
        "LEFT" => text(0)?.chars().take(size(1, 1)?).collect(),
        "RIGHT" => {
            let (text, size) = (text(0)?, size(1, 1)?);
            let skipped = text.chars().count().saturating_sub(size);
            text.chars().skip(skipped).collect()
        }
        "MID" => text(0)?.chars().skip(size(1, 1)?.saturating_sub(1)).take(size(2, 0)?).collect(),
        "SUBSTITUTE" => text(0)?.replace(&text(1)?, &text(2)?),
        "LEN" => return Ok(count(text(0)?.chars().count())),
        _ => return Err(CellError::Name),
    }))
}

/// Only real numbers count in sums over ranges.
fn as_number(value: &Value) -> Option<f64> {
    if let Value::Number(number) = value { Some(*number) } else { None }
}

fn count(number: usize) -> Value {
    Value::Number(f64::from(u32::try_from(number).unwrap_or(u32::MAX)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded before")]
fn whole(value: &Value) -> Result<usize, CellError> {
    let number = value.number()?.trunc();
    if (0.0..1e9).contains(&number) { Ok(number as usize) } else { Err(CellError::Value) }
}
