//! Requests that are answered from a cache of idempotency keys.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::profiles::deadly;
use super::{SeededBug, answer};
use crate::world::{Build, Handler};

/// All of them.
pub const BUGS: [SeededBug; 2] = [
    SeededBug::new(
        "key in progress for ever",
        "a key is noted as in progress, and freed when its request ends",
        || Build { handlers: vec![("create-order", in_progress())], ..Build::default() },
    )
    .with_profile(deadly),
    SeededBug::new(
        "replayed before it is validated",
        "a known key is answered from memory, whatever it comes with",
        || Build { handlers: vec![("create-order", replayed())], ..Build::default() },
    ),
];

/// The answer to each key; `None` while its request is running.
type Keys = Rc<RefCell<BTreeMap<String, Option<Value>>>>;

fn key(event: &Value) -> String {
    event["headers"]["idempotency-key"].as_str().unwrap_or_default().to_owned()
}

fn conflict() -> Value {
    answer(409, &json!({ "code": "request-in-progress" }))
}

fn in_progress() -> Handler {
    let keys = Keys::default();
    Rc::new(move |suite, event, deadline| {
        let keys = Rc::clone(&keys);
        Box::pin(async move {
            let key = key(&event);
            let known = keys.borrow().get(&key).cloned();
            match known {
                Some(Some(answer)) => return Ok(answer),
                Some(None) => return Ok(conflict()),
                None => keys.borrow_mut().insert(key.clone(), None),
            };
            let answer = suite.handle("create-order", event, deadline).await?;
            // A failed request may be repeated; a request that dies here leaves its key running.
            let is_done = answer["statusCode"].as_u64().is_some_and(|status| status < 500);
            keys.borrow_mut().remove(&key);
            if is_done {
                keys.borrow_mut().insert(key, Some(answer.clone()));
            }
            Ok(answer)
        })
    })
}

fn replayed() -> Handler {
    let keys = Keys::default();
    Rc::new(move |suite, event, deadline| {
        let keys = Rc::clone(&keys);
        Box::pin(async move {
            let key = key(&event);
            if let Some(Some(answer)) = keys.borrow().get(&key) {
                return Ok(answer.clone());
            }
            let answer = suite.handle("create-order", event, deadline).await?;
            if answer["statusCode"].as_u64().is_some_and(|status| status < 300) {
                keys.borrow_mut().insert(key, Some(answer.clone()));
            }
            Ok(answer)
        })
    })
}
