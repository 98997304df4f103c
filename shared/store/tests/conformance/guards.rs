//! Buckets admit exactly their limit, and known addresses and checkpoints expire.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use futures::future::join_all;
use resilience::{Decision, Limit};
use store::{DynamoGuards, JobCheckpoints, KnownAddresses, RateLimiter};

use crate::fixtures::at;
use crate::promises;
use crate::sides::{Dynamo, People, dynamo, run};

/// Ten at once, one more every six seconds.
pub const LIMIT: Limit = Limit { requests: 10, period: Duration::from_mins(1) };

/// How many requests were left after each admitted one, in order.
fn left(taken: &[Decision]) -> Vec<u32> {
    let left = |taken: &Decision| match taken {
        Decision::Allowed { remaining, .. } => Some(*remaining),
        Decision::Refused { .. } => None,
    };
    taken.iter().filter_map(left).collect()
}

/// Concurrent requests to one bucket.
async fn at_once(guards: &impl RateLimiter, bucket: &str, many: usize, now: Timestamp) -> Vec<Decision> {
    let asked = join_all((0..many).map(|_| guards.take(bucket, LIMIT, now))).await;
    asked.into_iter().map(Result::unwrap).collect()
}

async fn of_many_at_once_exactly_the_limit_passes<A, S>(people: &People<A, impl RateLimiter, S>) {
    let taken = at_once(&people.guards, "b", 50, at(0)).await;
    let mut passed = left(&taken);
    passed.sort_unstable();
    assert_eq!(passed, (0..10).collect::<Vec<_>>(), "each one saw the bucket as it left it");
    let refused = Decision::Refused { retry_after: Duration::from_secs(6) };
    assert_eq!(taken.iter().filter(|taken| **taken == refused).count(), 40);
}

async fn a_bucket_fills_up_again_evenly_and_no_further_than_its_limit<A, S>(people: &People<A, impl RateLimiter, S>) {
    at_once(&people.guards, "b", 50, at(0)).await;
    for (second, passing) in [(5, 0), (6, 1), (7, 0), (17, 1), (18, 1), (30, 2), (89, 9), (90, 1), (10_000, 10)] {
        let passed = left(&at_once(&people.guards, "b", 50, at(second)).await);
        assert_eq!(passed.len(), passing, "at {second} s");
    }
}

async fn a_bucket_in_use_counts_on_and_an_idle_one_begins_anew<A, S>(people: &People<A, impl RateLimiter, S>) {
    let take = async |second| people.guards.take("b", LIMIT, at(second)).await.unwrap();
    let allowed = |remaining, reset| Decision::Allowed { remaining, reset: Duration::from_secs(reset) };
    assert_eq!(take(0).await, allowed(9, 6));
    assert_eq!(take(0).await, allowed(8, 12));
    assert_eq!(take(6).await, allowed(8, 12));
    assert_eq!(take(18).await, allowed(9, 6), "it ends in this very moment");
    assert_eq!(take(1000).await, allowed(9, 6));
}

async fn whoever_is_refused_is_told_when_to_come_back_and_pays_nothing<A, S>(people: &People<A, impl RateLimiter, S>) {
    at_once(&people.guards, "b", 10, at(0)).await;
    for (second, wait) in [(0, 6), (1, 5), (5, 1)] {
        for _ in 0..5 {
            let taken = people.guards.take("b", LIMIT, at(second)).await.unwrap();
            assert_eq!(taken, Decision::Refused { retry_after: Duration::from_secs(wait) }, "at {second} s");
        }
    }
    assert_eq!(left(&at_once(&people.guards, "b", 5, at(6)).await), [0]);
}

async fn one_buckets_callers_do_not_disturb_anothers<A, S>(people: &People<A, impl RateLimiter, S>) {
    at_once(&people.guards, "a", 50, at(0)).await;
    assert_eq!(left(&at_once(&people.guards, "b", 3, at(0)).await).len(), 3);
}

async fn what_is_given_back_can_be_taken_again<A, S>(people: &People<A, impl RateLimiter, S>) {
    people.guards.give_back("b", LIMIT, at(0)).await.unwrap();
    assert_eq!(left(&at_once(&people.guards, "b", 50, at(0)).await).len(), 10, "nothing was taken before");
    people.guards.give_back("b", LIMIT, at(0)).await.unwrap();
    assert_eq!(left(&at_once(&people.guards, "b", 50, at(0)).await), [0]);
    // Of those who give theirs back each time, any number may pass.
    for _ in 0..30 {
        assert_eq!(left(&[people.guards.take("c", LIMIT, at(0)).await.unwrap()]), [9]);
        people.guards.give_back("c", LIMIT, at(0)).await.unwrap();
    }
}

async fn clocks_that_differ_let_no_more_through<A, S>(people: &People<A, impl RateLimiter, S>) {
    // 50 processes whose clocks are up to a second apart, around the end of the bucket's idle time.
    people.guards.take("b", LIMIT, at(0)).await.unwrap();
    let moments = (0..50).map(|n| at(5).plus(Duration::from_millis(n * 37 % 50 * 40)));
    let taken = join_all(moments.map(|now| people.guards.take("b", LIMIT, now))).await;
    let taken: Vec<_> = taken.into_iter().map(Result::unwrap).collect();
    assert_eq!(left(&taken).len(), 10);
}

async fn a_fact_is_known_until_its_time_though_nobody_deletes_it<A, S>(people: &People<A, impl KnownAddresses, S>) {
    let known = async |key: &str, second| people.guards.remembers(key, at(second)).await.unwrap();
    assert!(!known("a", 0).await);
    people.guards.remember("a", at(10)).await.unwrap();
    assert!(known("a", 0).await && known("a", 9).await);
    assert!(!known("a", 10).await && !known("a", 1000).await && !known("b", 0).await);
    people.guards.remember("a", at(2000)).await.unwrap();
    assert!(known("a", 1999).await, "it is remembered anew");
}

async fn a_job_finds_where_it_stood_until_that_is_too_old<A, S>(people: &People<A, impl JobCheckpoints, S>) {
    assert_eq!(people.guards.checkpoint("job", at(0)).await.unwrap(), None);
    people.guards.save_checkpoint("job", "page 1", at(60)).await.unwrap();
    people.guards.save_checkpoint("job", "page 2", at(60)).await.unwrap();
    assert_eq!(people.guards.checkpoint("job", at(59)).await.unwrap().as_deref(), Some("page 2"));
    assert_eq!(people.guards.checkpoint("job", at(60)).await.unwrap(), None);
    assert_eq!(people.guards.checkpoint("other", at(0)).await.unwrap(), None);
}

promises! { people:
    of_many_at_once_exactly_the_limit_passes,
    a_bucket_fills_up_again_evenly_and_no_further_than_its_limit,
    a_bucket_in_use_counts_on_and_an_idle_one_begins_anew,
    a_job_finds_where_it_stood_until_that_is_too_old,
    whoever_is_refused_is_told_when_to_come_back_and_pays_nothing,
    one_buckets_callers_do_not_disturb_anothers,
    what_is_given_back_can_be_taken_again,
    clocks_that_differ_let_no_more_through,
    a_fact_is_known_until_its_time_though_nobody_deletes_it,
}

#[test]
fn of_many_processes_at_once_exactly_the_limit_passes() {
    run(async {
        let side = dynamo().await;
        for begin in [at(0), at(1000)] {
            let processes: Vec<_> = (0..20).map(|_| DynamoGuards::new(&side.client, "guards")).collect();
            let taken = join_all(processes.iter().map(|process| at_once(process, "b", 5, begin))).await;
            assert_eq!(left(&taken.concat()).len(), 10);
        }
    });
}

/// The obvious but wrong way: read, decide, write.
async fn naive_take(side: &Dynamo, now: Timestamp) -> Decision {
    let key = |name: &str, text: &str| (name.to_owned(), AttributeValue::S(text.into()));
    let item = std::collections::HashMap::from([key("pk", "bucket#naive"), key("sk", "bucket")]);
    let read = side.client.get_item().table_name("guards").set_key(Some(item.clone())).consistent_read(true);
    let stored = read.send().await.unwrap().item;
    let arrival = stored.map(|stored| stored["tat"].as_n().unwrap().parse().unwrap()).map(Timestamp::from_millis);
    let (next, taken) = LIMIT.take(arrival, now);
    if let Some(next) = next {
        let tat = AttributeValue::N(next.millis().to_string());
        let write = side.client.put_item().table_name("guards").set_item(Some(item)).item("tat", tat);
        write.send().await.unwrap();
    }
    taken
}

#[test]
fn without_a_condition_many_at_once_would_all_pass() {
    run(async {
        let side = dynamo().await;
        let taken = join_all((0..50).map(|_| naive_take(&side, at(0)))).await;
        assert!(left(&taken).len() > 10, "{}", left(&taken).len());
    });
}
