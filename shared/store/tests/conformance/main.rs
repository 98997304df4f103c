//! One conformance suite for both implementations of the repositories: memory, and DynamoDB through the real AWS SDK
//! against an embedded database. Faults that only DynamoDB has (lost answers, transaction conflicts) follow in their
//! own modules.
#![allow(clippy::unwrap_used, reason = "outside test functions clippy does not know that this is all test code")]

mod accounts;
mod api_keys;
mod attempts;
mod catalogue;
mod corrupt;
mod fixtures;
mod guards;
mod links;
mod lists;
mod local;
mod lost_answers;
mod lost_answers_of_guards;
mod lost_answers_of_people;
mod mails;
mod parking;
mod people;
mod placing;
mod requests;
mod rows;
mod saving;
mod sessions;
mod sides;

/// Makes a test of each promise for each implementation. The promises after `people:` are about accounts and guards.
macro_rules! promises {
    (people: $($promise:ident),* $(,)?) => { crate::promises!(@ people $($promise)*); };
    (@ $part:ident $($promise:ident)*) => {
        mod memory {
            $(#[test]
            fn $promise() {
                crate::sides::run(async { super::$promise(&crate::sides::memory().$part).await });
            })*
        }

        mod dynamo {
            $(#[test]
            fn $promise() {
                crate::sides::run(async { super::$promise(&crate::sides::dynamo().await.$part).await });
            })*
        }
    };
    ($($promise:ident),* $(,)?) => { crate::promises!(@ stores $($promise)*); };
}
pub(crate) use promises;
