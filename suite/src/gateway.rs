//! API Gateway's part of an HTTP request: the route, the caller, the function's event and the response.
//!
//! The answers of its own are those of an HTTP API, word for word: `{"message":"Not RouteMatch"}`.

mod answer;
mod cors;
mod event;
mod route;

use std::cell::RefCell;
use std::collections::BTreeMap;

use domain::Timestamp;
use serde_json::Value;

pub use answer::{message, of_function};
pub use cors::{mark, preflight};
pub use event::{Call, SourceIp, authorizer_event, function_event};
pub use route::find;

/// Answers of the authorizer by `Authorization` header, each until its time is over.
#[derive(Debug, Default)]
pub struct AuthorizerCache {
    known: RefCell<BTreeMap<String, (Timestamp, Value)>>,
}

/// Expired answers are swept out when so many are kept.
const SWEEP_AT: usize = 10_000;

impl AuthorizerCache {
    pub fn get(&self, identity: &str, now: Timestamp) -> Option<Value> {
        let known = self.known.borrow();
        known.get(identity).filter(|(until, _)| now < *until).map(|(_, answer)| answer.clone())
    }

    pub fn keep(&self, identity: &str, until: Timestamp, now: Timestamp, answer: &Value) {
        let mut known = self.known.borrow_mut();
        if known.len() >= SWEEP_AT {
            known.retain(|_, (until, _)| now < *until);
        }
        known.insert(identity.to_owned(), (until, answer.clone()));
    }
}

#[cfg(test)]
mod tests;
