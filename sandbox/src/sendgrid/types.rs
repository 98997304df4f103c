//! SendGrid checks the JSON types first, and names the field: `Invalid type. Expected: string, given: integer.`

use serde_json::Value;

use super::error::ApiError;

/// Field patterns with the type that SendGrid expects; `#` stands for every element, `*` for every key.
const SCHEMA: &[(&str, &str)] = &[
    ("personalizations", "array"),
    ("personalizations.#", "object"),
    ("personalizations.#.from", "object"),
    ("personalizations.#.subject", "string"),
    ("personalizations.#.headers", "object"),
    ("personalizations.#.headers.*", "string"),
    ("personalizations.#.substitutions", "object"),
    ("personalizations.#.substitutions.*", "string"),
    ("personalizations.#.dynamic_template_data", "object"),
    ("personalizations.#.custom_args", "object"),
    ("personalizations.#.custom_args.*", "string"),
    ("personalizations.#.send_at", "integer"),
    ("from", "object"),
    ("from.email", "string"),
    ("from.name", "string"),
    ("reply_to", "object"),
    ("reply_to.email", "string"),
    ("reply_to.name", "string"),
    ("reply_to_list", "array"),
    ("reply_to_list.#", "object"),
    ("subject", "string"),
    ("content", "array"),
    ("content.#", "object"),
    ("content.#.type", "string"),
    ("content.#.value", "string"),
    ("attachments", "array"),
    ("attachments.#", "object"),
    ("attachments.#.content", "string"),
    ("attachments.#.filename", "string"),
    ("template_id", "string"),
    ("headers", "object"),
    ("headers.*", "string"),
    ("categories", "array"),
    ("categories.#", "string"),
    ("custom_args", "object"),
    ("custom_args.*", "string"),
    ("send_at", "integer"),
    ("mail_settings", "object"),
    ("mail_settings.sandbox_mode", "object"),
    ("mail_settings.sandbox_mode.enable", "boolean"),
];

const RECIPIENTS: [&str; 3] = ["to", "cc", "bcc"];

/// Every field whose JSON type is not the expected one.
pub fn check(body: &Value) -> Vec<ApiError> {
    let mut errors = Vec::new();
    for (pattern, expected) in SCHEMA {
        visit(body, pattern, String::new(), expected, &mut errors);
    }
    for list in RECIPIENTS {
        for (rest, expected) in [("", "array"), (".#", "object"), (".#.email", "string"), (".#.name", "string")] {
            visit(body, &format!("personalizations.#.{list}{rest}"), String::new(), expected, &mut errors);
        }
    }
    errors
}

fn visit(value: &Value, pattern: &str, path: String, expected: &str, errors: &mut Vec<ApiError>) {
    if pattern.is_empty() {
        let given = kind(value);
        if given != expected {
            errors.push(ApiError::field(path, format!("Invalid type. Expected: {expected}, given: {given}.")));
        }
        return;
    }
    let (head, rest) = pattern.split_once('.').unwrap_or((pattern, ""));
    let extend = |part: &str| if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") };
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter().filter(|(key, _)| head == "*" || key.as_str() == head) {
                visit(field, rest, extend(key), expected, errors);
            }
        }
        Value::Array(items) if head == "#" => {
            for (index, item) in items.iter().enumerate() {
                visit(item, rest, extend(&index.to_string()), expected, errors);
            }
        }
        _ => {}
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_type_names_its_field() {
        for (body, field, message) in [
            (json!({"custom_args": "text"}), "custom_args", "Invalid type. Expected: object, given: string."),
            (json!({"custom_args": {"n": 1}}), "custom_args.n", "Invalid type. Expected: string, given: integer."),
            (json!({"subject": null}), "subject", "Invalid type. Expected: string, given: null."),
            (
                json!({"personalizations": [{"to": [{"email": 7}]}]}),
                "personalizations.0.to.0.email",
                "Invalid type. Expected: string, given: integer.",
            ),
            (
                json!({"personalizations": [{"to": {"email": "a@b.co"}}]}),
                "personalizations.0.to",
                "Invalid type. Expected: array, given: object.",
            ),
        ] {
            let errors = check(&body);
            assert_eq!(errors.len(), 1, "{body}");
            assert_eq!((errors[0].field.as_deref(), errors[0].message.as_str()), (Some(field), message));
        }
    }

    #[test]
    fn right_types_and_absent_fields_pass() {
        assert_eq!(check(&json!({"personalizations": [{"to": [{"email": "a@b.co", "name": "A"}]}]})), []);
        assert_eq!(check(&json!({})), []);
    }
}
