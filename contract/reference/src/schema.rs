//! Schemas in words: a value's kind, and an object's fields.

use serde_json::Value;

use super::markup::inline;
use super::{entries, text};

/// What kind of value it is: a word or two, a link to a schema with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    /// `array of`, `string`, …
    pub words: String,
    /// Names of schemas that have a place of their own on the page.
    pub links: Vec<String>,
    /// Bounds, pattern, allowed words.
    pub bounds: Vec<String>,
}

/// A field of an object, or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub name: String,
    /// The location of a parameter; empty for fields.
    pub place: String,
    pub kind: Kind,
    pub is_required: bool,
    pub about: String,
}

impl Field {
    pub(super) fn of_parameter(parameter: &Value) -> Self {
        Self {
            name: text(&parameter["name"]).to_owned(),
            place: text(&parameter["in"]).to_owned(),
            kind: kind(&parameter["schema"]),
            is_required: parameter["required"] == true,
            about: inline(text(&parameter["description"])),
        }
    }
}

/// The fields of an object, those of its parts and variants included.
pub(super) fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let own = entries(&schema["properties"]).map(|(name, property)| Field {
        name: name.to_owned(),
        place: String::new(),
        kind: kind(property),
        is_required: required.contains(&name),
        about: inline(text(&property["description"])),
    });
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(fields);
    let variants = schema["oneOf"].as_array().into_iter().flatten().flat_map(|variant| {
        let name = entries(&variant["properties"]).find_map(|(_, value)| value["enum"][0].as_str());
        fields(variant).into_iter().map(move |field| Field { place: name.unwrap_or_default().to_owned(), ..field })
    });
    own.chain(parts).chain(variants).collect()
}

/// The kind of value that a schema describes.
pub(super) fn kind(schema: &Value) -> Kind {
    let mut kind = Kind { bounds: bounds(schema), ..Kind::default() };
    if let Some(name) = name(schema) {
        kind.links.push(name.to_owned());
    } else if let Some(parts) = ["allOf", "oneOf", "anyOf"].iter().find_map(|word| schema[word].as_array()) {
        of_parts(&mut kind, parts);
    } else {
        kind.words = words(schema);
        let items = self::items(schema);
        if !items.is_null() {
            let of = self::kind(items);
            kind.words = format!("{} of {}", kind.words, of.words);
            kind.links.extend(of.links);
            kind.bounds.extend(of.bounds);
        }
    }
    kind
}

fn of_parts(kind: &mut Kind, parts: &[Value]) {
    for part in parts {
        if let Some(name) = name(part) {
            kind.links.push(name.to_owned());
        } else if part["type"] == "null" {
            kind.words.push_str("or null:");
        } else if part["properties"].is_null() {
            kind.bounds.extend(bounds(part));
        }
    }
}

fn items(schema: &Value) -> &Value {
    if schema["items"].is_object() { &schema["items"] } else { &schema["additionalProperties"] }
}

fn words(schema: &Value) -> String {
    let types: Vec<_> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let format = schema["format"].as_str().filter(|format| !format.starts_with("int"));
    format!("{}{}", types.join(" or "), format.map(|format| format!(" ({format})")).unwrap_or_default())
}

fn name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

fn bounds(schema: &Value) -> Vec<String> {
    let number = |word: &str, sign: &str| schema[word].as_number().map(|bound| format!("{sign} {bound}"));
    let mut bounds: Vec<_> = [
        number("minimum", "≥"),
        number("maximum", "≤"),
        number("minLength", "length ≥"),
        number("maxLength", "length ≤"),
        number("minItems", "items ≥"),
        number("maxItems", "items ≤"),
        number("minProperties", "entries ≥"),
        number("maxProperties", "entries ≤"),
    ]
    .into_iter()
    .flatten()
    .collect();
    bounds.extend(schema["pattern"].as_str().filter(|pattern| pattern.len() < 60).map(str::to_owned));
    bounds.extend(schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    if !schema["default"].is_null() {
        bounds.push(format!("default {}", schema["default"]));
    }
    bounds
}
