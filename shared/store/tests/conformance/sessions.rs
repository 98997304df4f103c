//! Sessions, version by version, and sign-ins in progress, each taken once.

use domain::Session;
use futures::future::join_all;
use store::{Sessions, StoreError};

use crate::people::{account_id, flow, hash, session};
use crate::promises;
use crate::sides::People;

fn next(session: &Session, token: &str) -> Session {
    let previous = Some(session.current.clone());
    Session { current: hash(token), previous, version: session.version + 1, ..session.clone() }
}

async fn a_session_is_found_with_its_account_alone<G, S>(people: &People<impl Sessions, G, S>) {
    let of_anna = session(1, account_id(1));
    people.accounts.save_session(&of_anna).await.unwrap();
    assert_eq!(people.accounts.session(account_id(1), of_anna.id).await.unwrap(), Some(of_anna.clone()));
    assert_eq!(people.accounts.session(account_id(2), of_anna.id).await.unwrap(), None);
    assert!(matches!(people.accounts.save_session(&of_anna).await, Err(StoreError::Conflict)), "made once");
}

async fn of_many_rotations_at_once_one_is_stored<G, S>(people: &People<impl Sessions, G, S>) {
    let first = session(1, account_id(1));
    people.accounts.save_session(&first).await.unwrap();
    let rotated: Vec<_> = (0..20).map(|n| next(&first, &format!("token-{n}"))).collect();
    let saved = join_all(rotated.iter().map(|session| people.accounts.save_session(session))).await;
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 19);
    let winner = saved.iter().position(Result::is_ok).unwrap();
    let stored = people.accounts.session(first.account, first.id).await.unwrap();
    assert_eq!(stored.as_ref(), Some(&rotated[winner]));
}

async fn an_ended_session_does_not_come_back<G, S>(people: &People<impl Sessions, G, S>) {
    let (ended, other) = (session(1, account_id(1)), session(2, account_id(1)));
    for session in [&ended, &other] {
        people.accounts.save_session(session).await.unwrap();
    }
    for _ in 0..2 {
        people.accounts.end_session(ended.account, ended.id).await.unwrap();
    }
    assert!(matches!(people.accounts.save_session(&next(&ended, "token")).await, Err(StoreError::Conflict)));
    assert_eq!(people.accounts.session(ended.account, ended.id).await.unwrap(), None);
    assert_eq!(people.accounts.session(other.account, other.id).await.unwrap(), Some(other));
}

async fn an_accounts_sessions_are_listed_without_the_ended_ones<G, S>(people: &People<impl Sessions, G, S>) {
    let annas: Vec<Session> = (1..=40).map(|n| session(n, account_id(1))).collect();
    for session in annas.iter().chain([&session(99, account_id(2))]) {
        people.accounts.save_session(session).await.unwrap();
    }
    people.accounts.end_session(account_id(1), annas[0].id).await.unwrap();
    let mut listed = people.accounts.sessions_of(account_id(1)).await.unwrap();
    listed.sort_by_key(|session| session.id.to_string());
    assert_eq!(listed, annas[1..]);
    assert_eq!(people.accounts.sessions_of(account_id(3)).await.unwrap(), []);
}

async fn of_many_who_take_a_sign_in_one_gets_it<G, S>(people: &People<impl Sessions, G, S>) {
    people.accounts.keep_flow(&flow("ab12")).await.unwrap();
    people.accounts.keep_flow(&flow("cd34")).await.unwrap();
    let taken = join_all((0..20).map(|_| people.accounts.take_flow("ab12"))).await;
    let taken: Vec<_> = taken.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken, [flow("ab12")]);
    assert_eq!(people.accounts.take_flow("ab12").await.unwrap(), None);
    assert_eq!(people.accounts.take_flow("none").await.unwrap(), None);
    assert_eq!(people.accounts.take_flow("cd34").await.unwrap(), Some(flow("cd34")));
}

promises! { people:
    a_session_is_found_with_its_account_alone,
    of_many_rotations_at_once_one_is_stored,
    an_ended_session_does_not_come_back,
    an_accounts_sessions_are_listed_without_the_ended_ones,
    of_many_who_take_a_sign_in_one_gets_it,
}
