//! Of attempts announced at once, each sees those before it.

use std::time::Duration;

use domain::ReservationAttempt;
use futures::future::join_all;
use serde_json::{Value, json};
use store::{Announcement, DynamoGuards, MAX_PAGE, ReservationAttempts, StoreError};
use uuid::Uuid;

use crate::fixtures::{at, customer, order_id, sku};
use crate::local::Fault;
use crate::promises;
use crate::sides::{People, dynamo, run};

const WINDOW: Duration = Duration::from_mins(1);

fn attempt(order: u8, pieces: u32) -> ReservationAttempt {
    ReservationAttempt {
        order: order_id(order),
        pieces: [(sku("MUG"), pieces), (sku("CUP"), 1)].into(),
        is_edit: order % 2 == 1,
    }
}

/// The first customer's item.
fn key() -> Value {
    json!({"pk": {"S": format!("placing#{}", customer(1))}, "sk": {"S": "placing"}})
}

/// Announces an attempt of a customer at a second: the announcement's id, and the others, sorted by their pieces.
async fn announced(
    guards: &impl ReservationAttempts,
    of: u128,
    attempt: &ReservationAttempt,
    second: i64,
) -> (Uuid, Vec<ReservationAttempt>) {
    match guards.announce(customer(of), attempt, WINDOW, at(second)).await.unwrap() {
        Announcement::Made { id, mut others } => {
            others.sort_by_key(|other| other.pieces[&sku("MUG")]);
            (id, others)
        }
        Announcement::TooMany => panic!("too many"),
    }
}

/// The pieces of the others that the order would hold, sorted.
async fn seen(guards: &impl ReservationAttempts, order: u8, second: i64) -> Vec<u32> {
    let (_, others) = announced(guards, 1, &attempt(order, 99), second).await;
    others.iter().map(|other| other.pieces[&sku("MUG")]).collect()
}

async fn each_attempt_sees_those_before_it_whole<A, S>(people: &People<A, impl ReservationAttempts, S>) {
    assert_eq!(announced(&people.guards, 1, &attempt(1, 5), 0).await.1, []);
    assert_eq!(announced(&people.guards, 1, &attempt(2, 7), 1).await.1, [attempt(1, 5)]);
    assert_eq!(announced(&people.guards, 1, &attempt(3, 9), 2).await.1, [attempt(1, 5), attempt(2, 7)]);
    assert_eq!(announced(&people.guards, 2, &attempt(4, 9), 2).await.1, [], "of another customer");
}

async fn of_many_at_once_each_sees_another_number<A, S>(people: &People<A, impl ReservationAttempts, S>) {
    let attempts: Vec<_> = (0..30).map(|n| attempt(n, 1)).collect();
    let seen = join_all(attempts.iter().map(|attempt| announced(&people.guards, 1, attempt, 0))).await;
    let mut seen: Vec<_> = seen.into_iter().map(|(_, others)| others.len()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..30).collect::<Vec<_>>());
}

async fn an_attempt_is_seen_for_as_long_as_the_window<A, S>(people: &People<A, impl ReservationAttempts, S>) {
    announced(&people.guards, 1, &attempt(1, 5), 0).await;
    announced(&people.guards, 1, &attempt(2, 7), 40).await;
    assert_eq!(seen(&people.guards, 3, 60).await, [5, 7]);
    assert_eq!(seen(&people.guards, 3, 61).await, [7], "after a minute");
    assert_eq!(seen(&people.guards, 4, 101).await, [99, 99]);
    assert_eq!(seen(&people.guards, 5, 1000).await, [0_u32; 0]);
    assert_eq!(seen(&people.guards, 6, 1000).await, [99]);
}

async fn an_order_sees_nothing_of_itself<A, S>(people: &People<A, impl ReservationAttempts, S>) {
    for pieces in [5, 5, 7] {
        assert_eq!(announced(&people.guards, 1, &attempt(1, pieces), 0).await.1, []);
    }
    let (_, others) = announced(&people.guards, 1, &attempt(2, 9), 0).await;
    assert!(others.contains(&attempt(1, 5)) && others.contains(&attempt(1, 7)), "{others:?}");
}

async fn what_is_withdrawn_is_seen_no_more<A, S>(people: &People<A, impl ReservationAttempts, S>) {
    let (first, _) = announced(&people.guards, 1, &attempt(1, 5), 0).await;
    let (again, _) = announced(&people.guards, 1, &attempt(1, 7), 0).await;
    people.guards.withdraw(customer(1), first).await.unwrap();
    assert_eq!(seen(&people.guards, 2, 0).await, [7], "the same order's other attempt stands");
    for id in [again, again, Uuid::from_u128(99)] {
        people.guards.withdraw(customer(1), id).await.unwrap();
        people.guards.withdraw(customer(2), id).await.unwrap();
    }
    assert_eq!(seen(&people.guards, 3, 0).await, [99]);
}

async fn one_customer_has_so_many_and_no_more<A, S>(people: &People<A, impl ReservationAttempts, S>) {
    let half = i64::try_from(MAX_PAGE / 2).unwrap();
    let announce =
        async |second| people.guards.announce(customer(1), &attempt(1, 5), WINDOW, at(second)).await.unwrap();
    let mut last = None;
    for second in (0..half).flat_map(|n| [n, n]) {
        last = Some(announce(second).await);
    }
    assert_eq!(announce(half).await, Announcement::TooMany);
    let Some(Announcement::Made { id, .. }) = last else { panic!("{last:?}") };
    people.guards.withdraw(customer(1), id).await.unwrap();
    assert!(matches!(announce(half).await, Announcement::Made { .. }), "one was withdrawn");
    assert_eq!(announce(half).await, Announcement::TooMany);
    assert!(matches!(announce(61).await, Announcement::Made { .. }), "two are over");
    assert!(matches!(announce(2 * half + 61).await, Announcement::Made { .. }), "all are");
}

promises! { people:
    each_attempt_sees_those_before_it_whole,
    of_many_at_once_each_sees_another_number,
    an_attempt_is_seen_for_as_long_as_the_window,
    an_order_sees_nothing_of_itself,
    what_is_withdrawn_is_seen_no_more,
    one_customer_has_so_many_and_no_more,
}

#[test]
fn of_many_processes_each_sees_another_number() {
    run(async {
        let side = dynamo().await;
        for begin in [0, 1000] {
            let processes: Vec<_> = (0..20).map(|_| DynamoGuards::new(&side.client, "guards")).collect();
            let attempts: Vec<_> = (0..20).map(|n| attempt(n, 1)).collect();
            let seen = processes.iter().zip(&attempts).map(|(process, attempt)| announced(process, 1, attempt, begin));
            let mut seen: Vec<_> = join_all(seen).await.into_iter().map(|(_, others)| others.len()).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..20).collect::<Vec<_>>());
        }
    });
}

#[test]
fn an_announcement_costs_one_write_and_two_beside_others() {
    run(async {
        let side = dynamo().await;
        for (second, cost) in [(0, 1), (1, 2), (2, 2), (63, 1), (64, 2)] {
            announced(&side.people.guards, 1, &attempt(1, 5), second).await;
            assert_eq!(side.spent(), ["UpdateItem"; 2][..cost].join(" "), "at {second} s");
        }
        side.people.guards.withdraw(customer(1), Uuid::nil()).await.unwrap();
        assert_eq!(side.spent(), "UpdateItem");
    });
}

#[test]
fn what_is_over_is_removed_with_the_next_announcement() {
    run(async {
        let side = dynamo().await;
        for second in (0..300).step_by(20) {
            announced(&side.people.guards, 1, &attempt(1, 5), second).await;
        }
        let item = side.local.ask("GetItem", json!({"TableName": "guards", "Key": key()}));
        assert_eq!(item["Item"]["announced"]["M"].as_object().unwrap().len(), 4);
        let until = at(280).plus(WINDOW).seconds() + 1;
        assert_eq!(item["Item"]["ttl"]["N"].as_str().unwrap(), until.to_string());
    });
}

#[test]
fn an_announcement_whose_answer_was_lost_is_made_once() {
    for before in [0, 1, 3] {
        for lost in [1, 2] {
            run(async {
                let side = dynamo().await;
                for n in 0..before {
                    announced(&side.people.guards, 1, &attempt(n, 5), 0).await;
                }
                side.local.lose_answers("UpdateItem", lost);
                let (_, others) = announced(&side.people.guards, 1, &attempt(9, 7), 0).await;
                assert_eq!(others.len(), usize::from(before), "{lost} answers lost");
                let (_, others) = announced(&side.people.guards, 1, &attempt(10, 9), 0).await;
                assert_eq!(others.len(), usize::from(before) + 1, "{lost} answers lost");
            });
        }
    }
}

#[test]
fn an_announcement_between_a_lost_answer_and_its_retry_is_seen_too() {
    run(async {
        let side = dynamo().await;
        let meanwhile = Fault::AnswerLostWhile(Box::new(|local| {
            let attempt = json!({"M": {"order": {"S": order_id(2).to_string()}, "pieces": {"M": {"MUG": {"N": "9"}}}, "is_edit": {"BOOL": true}}});
            let entry = json!({"M": {"attempt": attempt, "at": {"S": at(0).to_string()}}});
            local.ask(
                "UpdateItem",
                json!({"TableName": "guards", "Key": key(), "ExpressionAttributeValues": {":entry": entry},
                    "UpdateExpression": "SET announced.another = :entry"}),
            );
        }));
        side.local.fail("UpdateItem", meanwhile);
        assert_eq!(seen(&side.people.guards, 1, 0).await, [9]);
    });
}

#[test]
fn where_no_answer_comes_the_caller_decides() {
    run(async {
        let side = dynamo().await;
        side.local.lose_answers("UpdateItem", 3);
        let made = side.people.guards.announce(customer(1), &attempt(1, 5), WINDOW, at(0)).await;
        assert!(matches!(made, Err(StoreError::Unavailable(_))), "{made:?}");
        assert_eq!(seen(&side.people.guards, 2, 0).await, [5], "it may have been made");
    });
}
