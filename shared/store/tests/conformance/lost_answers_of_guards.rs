//! Buckets with lost answers: stricter at worst, never wider.

use std::time::Duration;

use resilience::Decision;
use serde_json::json;
use store::{KnownAddresses, RateLimiter, StoreError};

use crate::fixtures::at;
use crate::guards::LIMIT;
use crate::local::{Fault, LocalDynamo};
use crate::sides::{Dynamo, dynamo, run};

const WRITE: &str = "UpdateItem";

/// How many requests are left after one was taken from a bucket from which `before` had been taken.
async fn left_after(side: &Dynamo) -> u32 {
    match side.people.guards.take("b", LIMIT, at(0)).await.unwrap() {
        Decision::Allowed { remaining, .. } => remaining,
        Decision::Refused { .. } => panic!("refused"),
    }
}

#[test]
fn a_request_whose_answer_was_lost_is_counted_once() {
    for before in [0, 1, 5] {
        for lost in [1, 2] {
            run(async {
                let side = dynamo().await;
                for _ in 0..before {
                    left_after(&side).await;
                }
                side.local.lose_answers(WRITE, lost);
                assert_eq!(left_after(&side).await, 9 - before, "{before} before it, {lost} answers lost");
                assert_eq!(left_after(&side).await, 8 - before);
            });
        }
    }
}

#[test]
fn a_request_is_given_back_once_though_the_answer_was_lost() {
    run(async {
        let side = dynamo().await;
        for left in [9, 8, 7] {
            assert_eq!(left_after(&side).await, left);
        }
        side.local.lose_answers(WRITE, 2);
        side.people.guards.give_back("b", LIMIT, at(0)).await.unwrap();
        assert_eq!(left_after(&side).await, 7);
    });
}

#[test]
fn where_somebody_else_takes_one_meanwhile_it_is_counted_again() {
    run(async {
        let side = dynamo().await;
        let other = |local: &LocalDynamo| {
            let key = json!({"pk": {"S": "bucket#b"}, "sk": {"S": "bucket"}});
            let values = json!({":interval": {"N": "6000"}, ":other": {"S": "other"}});
            local.ask(
                WRITE,
                json!({"TableName": "guards", "Key": key, "ExpressionAttributeValues": values,
                    "UpdateExpression": "SET tat = tat + :interval, write_id = :other"}),
            );
        };
        side.local.fail(WRITE, Fault::AnswerLostWhile(Box::new(other)));
        // This one, the concurrent one, and this one again.
        assert_eq!(left_after(&side).await, 7);
        assert_eq!(left_after(&side).await, 6);
    });
}

#[test]
fn where_no_answer_comes_at_all_the_caller_decides_and_one_is_counted() {
    run(async {
        let side = dynamo().await;
        side.local.lose_answers(WRITE, 3);
        assert!(matches!(side.people.guards.take("b", LIMIT, at(0)).await, Err(StoreError::Unavailable(_))));
        assert_eq!(left_after(&side).await, 8);
    });
}

#[test]
fn a_refusal_whose_answer_was_lost_is_one() {
    run(async {
        let side = dynamo().await;
        for _ in 0..10 {
            left_after(&side).await;
        }
        side.local.lose_answers(WRITE, 1);
        let refused = Decision::Refused { retry_after: Duration::from_secs(6) };
        assert_eq!(side.people.guards.take("b", LIMIT, at(0)).await.unwrap(), refused);
    });
}

#[test]
fn facts_survive_lost_answers() {
    run(async {
        let side = dynamo().await;
        side.local.lose_answers("PutItem", 3);
        side.people.guards.remember("a", at(10)).await.unwrap();
        assert!(side.people.guards.remembers("a", at(9)).await.unwrap());
    });
}
