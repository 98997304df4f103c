//! One suite of promises for both sides of the repositories: memory, and DynamoDB through the real AWS SDK against an
//! embedded database. What only DynamoDB can do wrong (lost answers, transaction conflicts) follows in its own modules.
#![allow(clippy::unwrap_used, reason = "outside test functions clippy does not know that this is all test code")]

mod catalogue;
mod corrupt;
mod fixtures;
mod lists;
mod local;
mod lost_answers;
mod mails;
mod parking;
mod placing;
mod requests;
mod rows;
mod saving;
mod sides;

/// Makes a test of each promise for each side.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod memory {
            $(#[test]
            fn $promise() {
                crate::sides::run(async { super::$promise(&crate::sides::memory()).await });
            })*
        }

        mod dynamo {
            $(#[test]
            fn $promise() {
                crate::sides::run(async { super::$promise(&crate::sides::dynamo().await.stores).await });
            })*
        }
    };
}
pub(crate) use promises;
