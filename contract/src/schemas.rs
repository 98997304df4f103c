//! What the derived schemas leave to be said.

use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

/// Adds the types that only paths name, and lets pages refer to what they are pages of instead of repeating it.
pub(crate) fn complete(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    add::<domain::OrderId>(schemas);
    add::<domain::KeyId>(schemas);
    for (name, schema) in schemas.as_object_mut().into_iter().flatten() {
        if let Some(item) = name.strip_prefix("Page_") {
            schema["properties"]["items"]["items"] = json!({"$ref": format!("#/components/schemas/{item}")});
        }
        unwrap_lines(schema);
    }
}

fn add<T: ToSchema + PartialSchema>(schemas: &mut Value) {
    schemas[T::name().as_ref()] = json!(T::schema());
}

/// A line break within a paragraph of documentation has no meaning.
fn unwrap_lines(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text =
                    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
            }
            fields.values_mut().for_each(unwrap_lines);
        }
        Value::Array(items) => items.iter_mut().for_each(unwrap_lines),
        _ => {}
    }
}
