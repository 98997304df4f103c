//! Who may call: the two kinds of bearer, and each operation's roles and scopes in words.

use serde_json::{Value, json};

use crate::Operation;

/// Describes the ways to say who one is.
pub(crate) fn describe(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "access_token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A person's access token: a JWT signed with ES256, good for 15 minutes. An operation lists the \
                roles that may call it."
        },
        "api_key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A service's key, `cis_live_…`, sent as a bearer token as well. An operation lists the scopes \
                of which the key needs one."
        }
    });
}

/// Says in words who may call. Nothing is left to inherit: what is open says so.
pub(crate) fn require(operation: &Operation, value: &mut Value) {
    if !operation.is_protected() {
        value["security"] = json!([]);
    }
    let line = match &operation.signed_by {
        Some(header) => format!("**Who:** the provider, by its signature in `{header}`."),
        None if operation.is_protected() => format!("**Who:** {}.", callers(operation)),
        None => "**Who:** anyone.".to_owned(),
    };
    let text = value["description"].as_str().unwrap_or_default();
    value["description"] = format!("{text}\n\n{line}").trim().into();
}

fn callers(operation: &Operation) -> String {
    let quoted = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let people = format!("people in the role {}", quoted(&operation.roles).replace(", ", " or "));
    if operation.scopes.is_empty() {
        return people;
    }
    let keys = format!("API keys with {}", quoted(&operation.scopes).replace(", ", " or "));
    format!("{people}; {keys}")
}
