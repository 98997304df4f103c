//! One operation of the document, as the rules look at it.

use api::{Class, Endpoint, ProblemType, Query};
use serde_json::Value;

/// Extensions with which handlers tell the rules what types cannot express. They are not published.
const PROBLEMS: &str = "x-problems";
const SIGNED: &str = "x-signed";
const CACHEABLE: &str = "x-cacheable";

/// An operation, read once before the rules change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `/v1/orders/{order_id}`
    pub path: String,
    /// Lower case.
    pub method: String,
    /// The function's name.
    pub id: String,
    /// The roles that may call. Empty for public operations.
    pub roles: Vec<String>,
    /// Which API keys may call: one of these scopes is enough.
    pub scopes: Vec<String>,
    /// The header with the sender's signature, for webhooks.
    pub signed_by: Option<String>,
    /// Whether caches may keep its answer.
    pub is_cacheable: bool,
    /// Problems that do not follow from the rules.
    pub problems: Vec<ProblemType>,
    /// What its function is at the edge.
    pub endpoint: Endpoint,
    /// Whether it reads a JSON body.
    pub has_body: bool,
    /// Its own parameters: place and name.
    pub parameters: Vec<(String, String)>,
}

impl Operation {
    /// Whether the caller has to say who it is.
    pub fn is_protected(&self) -> bool {
        !self.roles.is_empty() || !self.scopes.is_empty()
    }

    /// API Gateway's name for it: `POST /v1/orders`.
    pub fn route(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// Whether it is about one thing that the path names and that may not be there.
    pub fn names_a_thing(&self) -> bool {
        ["{order_id}", "{key_id}", "{provider}"].iter().any(|parameter| self.path.contains(parameter))
    }

    /// Whether parameters of the query are looked at, and be it to refuse them.
    pub fn reads_query(&self) -> bool {
        matches!(self.endpoint.query, Query::Only(_))
    }

    /// Whether it wants an `Idempotency-Key`.
    pub fn is_idempotent_by_key(&self) -> bool {
        self.parameters.iter().any(|(_, name)| name == "Idempotency-Key")
    }

    fn read(path: &str, method: &str, value: &Value) -> Self {
        let parameters = value["parameters"].as_array().into_iter().flatten();
        let id = words(&value["operationId"]).concat();
        let endpoint = endpoint(&id);
        let parameter =
            |parameter: &Value| Some((parameter["in"].as_str()?.into(), parameter["name"].as_str()?.into()));
        Self {
            path: path.to_owned(),
            method: method.to_owned(),
            id,
            endpoint,
            roles: requirement(value, "access_token"),
            scopes: requirement(value, "api_key"),
            signed_by: value[SIGNED].as_str().map(str::to_owned),
            is_cacheable: value[CACHEABLE] == true,
            problems: words(&value[PROBLEMS]).iter().map(|slug| problem(slug)).collect(),
            has_body: value["requestBody"].is_object() && endpoint.class != Class::Webhook,
            parameters: parameters.filter_map(parameter).collect(),
        }
    }
}

/// Every operation of a document that the rules have not gone over yet or, without the notes, of a finished one.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().map(move |(method, value)| Operation::read(path, method, value))
        })
        .collect()
}

/// Goes over every operation.
pub(crate) fn each(document: &mut Value, rule: impl Fn(&Operation, &mut Value)) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        for (method, value) in item.as_object_mut().into_iter().flatten() {
            let operation = Operation::read(path, method, value);
            rule(&operation, value);
        }
    }
}

/// Keeps of the handler's documentation what a caller needs: not its list of errors, which the answers have, and no line
/// breaks within a paragraph.
pub(crate) fn shorten(value: &mut Value) {
    let text = value["description"].as_str().unwrap_or_default();
    let paragraphs = text.split("\n\n").take_while(|paragraph| !paragraph.starts_with("# "));
    let paragraphs: Vec<_> = paragraphs.map(|paragraph| paragraph.replace('\n', " ")).collect();
    value["description"] = paragraphs.join("\n\n").into();
}

/// Takes out what was only meant for the rules.
pub(crate) fn forget_notes(value: &mut Value) {
    if let Some(operation) = value.as_object_mut() {
        operation.retain(|name, _| ![PROBLEMS, SIGNED, CACHEABLE].contains(&name.as_str()));
    }
}

/// One function answers with the document and the page.
fn endpoint(operation: &str) -> Endpoint {
    let function = if operation == "get-reference" { "get-openapi" } else { operation };
    let found = suite::ENDPOINTS.iter().find(|(name, _)| *name == function);
    found.unwrap_or_else(|| panic!("no function is called {function}")).1
}

fn problem(slug: &str) -> ProblemType {
    let named = ProblemType::ALL.into_iter().find(|kind| kind.uri().strip_prefix("/problems/") == Some(slug));
    named.unwrap_or_else(|| panic!("there is no problem type {slug}"))
}

fn requirement(value: &Value, scheme: &str) -> Vec<String> {
    let requirements = value["security"].as_array().into_iter().flatten();
    requirements.flat_map(|requirement| words(&requirement[scheme])).collect()
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(word) => vec![word.clone()],
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
