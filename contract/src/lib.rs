//! The API's contract: one OpenAPI 3.1 document. `reference` makes a page of it that people read.
//!
//! What is specific to an operation is declared at its handler (`#[utoipa::path]`) and its types (`ToSchema`); what is
//! common is added here by rule: callers, problems, headers, examples. It runs when the document is written and in
//! tests, never in a function. Must not know how a request is handled.

mod endpoints;
mod examples;
mod headers;
mod operation;
mod problems;
mod schemas;
mod security;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use operation::{Operation, operations};

/// The OpenAPI document, as it follows from the code and from the samples under `events/`.
///
/// # Panics
///
/// When a handler's annotation cannot be parsed, or a sample is not JSON: only developers see this.
pub fn document() -> Value {
    let mut document = serde_json::to_value(endpoints::openapi()).unwrap_or_else(|error| panic!("{error}"));
    schemas::complete(&mut document);
    problems::describe(&mut document);
    security::describe(&mut document);
    operation::each(&mut document, |operation, value| {
        operation::shorten(value);
        security::require(operation, value);
        headers::parameters(operation, value);
        problems::responses(operation, value);
        headers::answers(operation, value);
        examples::add(operation, value);
        operation::forget_notes(value);
    });
    document
}

/// The document as it is committed: pretty, with a newline at its end.
pub fn text() -> String {
    format!("{:#}\n", document())
}

/// Where the document is committed.
pub fn path() -> PathBuf {
    root().join("openapi.json")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
