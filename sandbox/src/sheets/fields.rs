//! Partial answers: the `fields` parameter (`sheets.properties(sheetId,title)`, `a,b/c`, `*`).

use serde_json::{Map, Value};

/// A tree of wanted fields; an empty one wants everything below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Mask(Vec<(String, Mask)>);

/// Keeps what the mask names; `None` when the mask cannot be read.
pub fn select(value: &Value, fields: &str) -> Option<Value> {
    let mut rest = fields;
    let mask = list(&mut rest)?;
    rest.is_empty().then(|| keep(value, &mask))
}

fn keep(value: &Value, mask: &Mask) -> Value {
    match value {
        _ if mask.0.is_empty() => value.clone(),
        Value::Array(items) => Value::Array(items.iter().map(|item| keep(item, mask)).collect()),
        Value::Object(fields) => {
            let kept: Map<_, _> = fields.iter().filter_map(|(name, field)| keep_field(name, field, mask)).collect();
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

fn keep_field(name: &str, field: &Value, mask: &Mask) -> Option<(String, Value)> {
    let below = mask.0.iter().filter(|(wanted, _)| wanted == name || wanted == "*").map(|(_, below)| below);
    let below: Vec<_> = below.collect();
    if below.is_empty() {
        return None;
    }
    let all = below.iter().any(|mask| mask.0.is_empty());
    let merged = if all { Mask::default() } else { Mask(below.into_iter().flat_map(|mask| mask.0.clone()).collect()) };
    Some((name.to_owned(), keep(field, &merged)))
}

fn list(rest: &mut &str) -> Option<Mask> {
    let mut fields = Vec::new();
    loop {
        fields.push(path(rest)?);
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Some(Mask(fields)),
        }
    }
}

fn path(rest: &mut &str) -> Option<(String, Mask)> {
    let end = rest.find([',', '(', ')', '/', '.']).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    if name.is_empty() {
        return None;
    }
    let below = if let Some(after) = rest.strip_prefix(['/', '.']) {
        *rest = after;
        Mask(vec![path(rest)?])
    } else if let Some(after) = rest.strip_prefix('(') {
        *rest = after;
        let inner = list(rest)?;
        *rest = rest.strip_prefix(')')?;
        inner
    } else {
        Mask::default()
    };
    Some((name.trim().to_owned(), below))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_named_fields_stay() {
        let value = json!({"id": 1, "sheets": [{"properties": {"a": 1, "b": 2}, "data": 3}]});
        for (fields, expected) in [
            ("id", json!({"id": 1})),
            ("*", value.clone()),
            ("sheets.properties", json!({"sheets": [{"properties": {"a": 1, "b": 2}}]})),
            ("sheets/properties/a", json!({"sheets": [{"properties": {"a": 1}}]})),
            ("id,sheets(properties(a,b),data)", value.clone()),
            ("sheets.data,sheets.properties.b", json!({"sheets": [{"properties": {"b": 2}, "data": 3}]})),
            ("other", json!({})),
        ] {
            assert_eq!(select(&value, fields).unwrap(), expected, "{fields}");
        }
        assert_eq!((select(&value, "a("), select(&value, "a)"), select(&value, "")), (None, None, None));
    }
}
