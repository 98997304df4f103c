//! Headers of requests and answers that are the same for many operations.

use api::Class;
use serde_json::{Value, json};

use crate::Operation;

const CORRELATION: &str = "X-Correlation-Id";

/// Adds the parameters that follow from the path, and the headers that every function reads.
pub(crate) fn parameters(operation: &Operation, value: &mut Value) {
    let mut parameters = vec![json!({
        "name": CORRELATION, "in": "header", "required": false,
        "description": "Follows the request everywhere: 8 to 64 of `A-Z a-z 0-9 _ -`; another one is replaced, not refused",
        "schema": {"type": "string"}
    })];
    for name in path_parameters(&operation.path) {
        parameters.push(path_parameter(name));
    }
    if operation.is_cacheable {
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "The `ETag` of an answer that you have: 304 if it is still the same",
            "schema": {"type": "string"}
        }));
    }
    if operation.endpoint.body_is_optional {
        parameters.push(json!({
            "name": "Prefer", "in": "header", "required": false,
            "description": "`return=minimal` leaves the body of a good answer out: 204 instead of 200, 201 with its \
                `Location` alone. What is not known is ignored (RFC 7240)",
            "schema": {"type": "string", "examples": ["return=minimal", "return=representation"]}
        }));
    }
    if let Some(header) = &operation.signed_by {
        parameters.push(json!({
            "name": header, "in": "header", "required": true, "description": "The provider's signature",
            "schema": {"type": "string"}
        }));
    }
    if !value["parameters"].is_array() {
        value["parameters"] = json!([]);
    }
    if let Some(listed) = value["parameters"].as_array_mut() {
        parameters.append(listed);
        *listed = parameters;
    }
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(name: &str) -> Value {
    if name == "provider" {
        let (description, schema) = ("Which OpenID provider", json!({"type": "string"}));
        return json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema});
    }
    let (description, schema) = match name {
        "order_id" => ("Which order", "OrderId"),
        "sku" => ("Which product", "Sku"),
        "key_id" => ("Which key", "KeyId"),
        other => panic!("say what the path parameter {other} is"),
    };
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
}

/// Adds to each answer the headers that it has.
pub(crate) fn answers(operation: &Operation, value: &mut Value) {
    let Some(responses) = value["responses"].as_object_mut() else { return };
    for (status, response) in responses {
        let mut headers = json!({ CORRELATION: header("What to quote when asking for help") });
        let is_good = status.starts_with('2') || status == "304";
        if operation.is_cacheable && is_good {
            headers["ETag"] = header("Changes with the answer; send it as `If-None-Match`");
            headers["Cache-Control"] = header("For how many seconds anybody may keep the answer");
        }
        match status.as_str() {
            "201" => headers["Location"] = header("Where it can be found"),
            "303" => headers["Location"] = header("Where the browser goes on to"),
            "401" => {
                headers["WWW-Authenticate"] = header("`Bearer`; `error=\"invalid_token\"` for one that is no good");
            }
            "429" | "503" => headers["Retry-After"] = header("Seconds to wait before trying again"),
            _ => {}
        }
        if operation.endpoint.class != Class::Webhook {
            headers["RateLimit-Policy"] = header("The limit of this class of operations: requests `q` in `w` seconds");
            headers["RateLimit"] = header("What is left of it: `r` requests now, all of them in `t` seconds");
        }
        if operation.endpoint.body_is_optional && status.starts_with('2') {
            headers["Preference-Applied"] = header("`return=minimal` when the body was left out");
        }
        if operation.is_idempotent_by_key() && status.starts_with('2') {
            headers["Idempotent-Replayed"] = header("`true` when an earlier request with this key did it");
        }
        response["headers"] = headers;
    }
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}
