//! Stripe's request bodies: form-encoded with nested keys, `metadata[order_id]=…&expand[]=latest_charge`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::errors::ApiError;

/// Parameters by name; a name may hold further names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(BTreeMap<String, Node>);

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A text.
    Text(String),
    /// Further names.
    Group(Form),
}

impl Form {
    /// Reads a query string or a form-encoded body.
    pub fn parse(encoded: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(encoded) {
            form.insert(&path(&name), value.into_owned());
        }
        form
    }

    /// Reads a JSON object the same way; anything else is an empty form.
    pub fn from_json(value: &Value) -> Self {
        let fields = match value {
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), node(value))).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, value)| (index.to_string(), node(value))).collect()
            }
            _ => BTreeMap::new(),
        };
        Self(fields)
    }

    fn insert(&mut self, path: &[String], value: String) {
        let Some((first, rest)) = path.split_first() else { return };
        let name = if first.is_empty() { self.0.len().to_string() } else { first.clone() };
        if rest.is_empty() {
            self.0.insert(name, Node::Text(value));
            return;
        }
        let group = self.0.entry(name).or_insert_with(|| Node::Group(Self::default()));
        if matches!(group, Node::Text(_)) {
            *group = Node::Group(Self::default());
        }
        if let Node::Group(form) = group {
            form.insert(rest, value);
        }
    }

    /// Sets a parameter that was not given.
    pub fn preset(&mut self, name: &str, text: &str) {
        self.0.entry(name.to_owned()).or_insert_with(|| Node::Text(text.to_owned()));
    }

    /// The names at this level, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What stands under each name at this level, in order.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// The text of a parameter, an empty one included.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Node::Text(text) => Some(text),
            Node::Group(_) => None,
        }
    }

    /// The text of a parameter; an empty one counts as absent.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// The parameters under a name.
    pub fn group(&self, name: &str) -> Option<&Self> {
        match self.0.get(name)? {
            Node::Group(form) => Some(form),
            Node::Text(_) => None,
        }
    }

    /// The texts of an array, in its order.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let Some(group) = self.group(name) else { return Vec::new() };
        let mut items: Vec<_> = group.0.keys().filter_map(|key| Some((key.parse::<usize>().ok()?, key))).collect();
        items.sort_unstable();
        items.into_iter().filter_map(|(_, key)| group.text(key)).collect()
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.text(name) {
            None => Ok(None),
            Some("") => Err(ApiError::empty(name)),
            Some(text) => text.parse().map(Some).map_err(|_| ApiError::not_an_integer(name, text)),
        }
    }

    /// A yes or no.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name) {
            None | Some("") => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(text) => Err(ApiError::invalid(name, format!("Invalid boolean: {text}"))),
        }
    }

    /// One of a few words.
    pub fn one_of<'a>(&'a self, name: &str, words: &[&str]) -> Result<Option<&'a str>, ApiError> {
        match self.filled(name) {
            Some(word) if !words.contains(&word) => Err(ApiError::not_one_of(name, words)),
            word => Ok(word),
        }
    }

    /// Refuses what is not known, at this level. What Stripe's requests know stands in `parameters`.
    pub fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        match self.names().find(|name| *name != "expand" && !known.contains(name)) {
            Some(unknown) => Err(ApiError::unknown_parameter(unknown)),
            None => Ok(()),
        }
    }

    /// The same parameters as a JSON object of texts.
    pub fn to_json(&self) -> Value {
        let value = |node: &Node| match node {
            Node::Text(text) => Value::String(text.clone()),
            Node::Group(form) => form.to_json(),
        };
        Value::Object(self.0.iter().map(|(name, node)| (name.clone(), value(node))).collect())
    }
}

fn node(value: &Value) -> Node {
    match value {
        Value::Object(_) | Value::Array(_) => Node::Group(Form::from_json(value)),
        Value::String(text) => Node::Text(text.clone()),
        Value::Null => Node::Text(String::new()),
        other => Node::Text(other.to_string()),
    }
}

/// `a[b][]` is `a`, `b` and an empty name.
fn path(name: &str) -> Vec<String> {
    let Some((first, rest)) = name.split_once('[') else { return vec![name.to_owned()] };
    let rest = rest.strip_suffix(']').unwrap_or(rest);
    std::iter::once(first).chain(rest.split("][")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_keys_and_arrays_are_read_as_the_official_clients_write_them() {
        let form = Form::parse(
            b"amount=500&metadata[order_id]=ord%5F1&payment_method_data[card][number]=4242&expand[]=a&expand[]=b&types[0]=x&types[1]=y",
        );
        assert_eq!(form.integer("amount").unwrap(), Some(500));
        assert_eq!(form.group("metadata").unwrap().text("order_id"), Some("ord_1"));
        let card = form.group("payment_method_data").and_then(|data| data.group("card")).unwrap();
        assert_eq!(card.text("number"), Some("4242"));
        assert_eq!(form.list("expand"), ["a", "b"]);
        assert_eq!(form.list("types"), ["x", "y"]);
        assert_eq!(form.list("amount"), Vec::<&str>::new());
    }

    #[test]
    fn long_arrays_keep_their_order() {
        let encoded: Vec<_> = (0..12).map(|n| format!("t[]={n}")).collect();
        let expected: Vec<_> = (0..12).map(|n| n.to_string()).collect();
        assert_eq!(Form::parse(encoded.join("&").as_bytes()).list("t"), expected);
    }

    #[test]
    fn json_reads_the_same() {
        let json = serde_json::json!({"amount": 500, "metadata": {"a": "b"}, "expand": ["x"], "confirm": true});
        let form = Form::from_json(&json);
        assert_eq!(form, Form::parse(b"amount=500&metadata[a]=b&expand[0]=x&confirm=true"));
    }

    #[test]
    fn wrong_types_name_the_parameter() {
        let form = Form::parse(b"amount=12.5&confirm=maybe&limit=");
        assert_eq!(form.integer("amount").unwrap_err().param.as_deref(), Some("amount"));
        assert_eq!(form.boolean("confirm").unwrap_err().param.as_deref(), Some("confirm"));
        assert_eq!(form.integer("limit").unwrap_err().code, Some("parameter_invalid_empty"));
        assert_eq!(form.only(&["amount", "confirm"]).unwrap_err().code, Some("parameter_unknown"));
    }
}
