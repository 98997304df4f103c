//! Which problems each operation may be answered with: most of them follow from what it reads and who may call.

use std::collections::BTreeMap;

use api::{Class, ProblemType};
use serde_json::{Value, json};

use crate::Operation;

/// The media type of problem details (RFC 9457).
const MEDIA_TYPE: &str = "application/problem+json";
/// How many roles there are: an operation that all of them may call refuses no person.
const ROLES: usize = 3;

/// Adds API Gateway's own answers, and the discriminator of problems.
pub(crate) fn describe(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    schemas["GatewayMessage"] = json!({
        "type": "object",
        "description": "API Gateway's own answer, given before or instead of ours.",
        "properties": {"message": {"type": "string"}},
        "required": ["message"]
    });
    let kinds: Vec<_> = ProblemType::ALL.map(ProblemType::uri).into();
    schemas["Problem"]["properties"]["type"]["enum"] = json!(kinds);
}

/// Adds the answers to requests that fail.
pub(crate) fn responses(operation: &Operation, value: &mut Value) {
    let mut by_status: BTreeMap<u16, Vec<ProblemType>> = BTreeMap::new();
    for kind in problems(operation) {
        by_status.entry(kind.status().as_u16()).or_default().push(kind);
    }
    for (status, message) in gateway_messages(operation) {
        by_status.entry(status).or_default();
        let response = &mut value["responses"][status.to_string()];
        response["content"]["application/json"] = with_message(response, message);
    }
    for (status, kinds) in by_status {
        let response = &mut value["responses"][status.to_string()];
        if !kinds.is_empty() {
            response["content"][MEDIA_TYPE] = json!({"schema": schema(status, &kinds)});
        }
        if response["description"].is_null() {
            response["description"] = description(&kinds).into();
        }
    }
    if operation.is_cacheable {
        value["responses"]["304"] = json!({"description": "You have it already"});
    }
    if operation.endpoint.body_is_optional && value["responses"]["200"].is_object() {
        value["responses"]["204"] = json!({"description": "Done, and the body left out as `Prefer` asked"});
    }
}

/// What may go wrong with such a request, each kind once, in the order of the types.
pub(crate) fn problems(operation: &Operation) -> Vec<ProblemType> {
    use ProblemType as P;
    let mut kinds = operation.problems.clone();
    if operation.is_protected() {
        kinds.push(P::Unauthenticated);
        if operation.roles.len() < ROLES || !operation.names_a_thing() {
            kinds.push(P::Forbidden);
        }
    }
    if operation.has_body {
        kinds.extend([P::MalformedBody, P::BodyTooLarge, P::UnsupportedMediaType, P::InvalidField]);
    }
    if operation.reads_query() {
        kinds.push(P::InvalidField);
    }
    if operation.names_a_thing() {
        kinds.push(P::NotFound);
    }
    if !operation.endpoint.media_types.is_empty() {
        kinds.push(P::NotAcceptable);
    }
    match operation.endpoint.class {
        Class::Webhook => kinds.extend([P::InvalidSignature, P::UnreadableDelivery]),
        _ => kinds.extend([P::InternalError, P::ServiceUnavailable]),
    }
    kinds.push(P::TooManyRequests);
    ProblemType::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect()
}

/// API Gateway's own answers.
fn gateway_messages(operation: &Operation) -> Vec<(u16, &'static str)> {
    let mut messages = vec![(429, "Too Many Requests"), (500, "Internal Server Error"), (503, "Service Unavailable")];
    if operation.is_protected() {
        messages.push((401, "Unauthorized"));
    }
    if operation.has_body || operation.signed_by.is_some() {
        messages.push((413, "Request Entity Too Large"));
    }
    messages
}

/// The JSON answer of a status with API Gateway's added to what the function answers in JSON, as webhooks do.
fn with_message(response: &Value, message: &str) -> Value {
    let gateway = json!({"$ref": "#/components/schemas/GatewayMessage"});
    let own = &response["content"]["application/json"]["schema"];
    let schema = if own.is_null() { gateway } else { json!({"oneOf": [own, gateway]}) };
    json!({"schema": schema, "examples": {"api-gateway": {"value": {"message": message}}}})
}

fn schema(status: u16, kinds: &[ProblemType]) -> Value {
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.uri()).collect();
    json!({
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": {"type": {"type": "string", "enum": kinds}, "status": {"type": "integer", "const": status}}
    })
}

/// The kinds with their titles.
fn description(kinds: &[ProblemType]) -> String {
    let line = |kind: &ProblemType| format!("{} (`{}`)", kind.title(), kind.uri());
    if kinds.is_empty() {
        "API Gateway's own answer".to_owned()
    } else {
        kinds.iter().map(line).collect::<Vec<_>>().join("; ")
    }
}
