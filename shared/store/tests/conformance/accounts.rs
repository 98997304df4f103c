//! Accounts: version checks, claims on addresses and identities, events.

use domain::{Account, AccountChange};
use futures::future::join_all;
use store::{Accounts, SaveOutcome, StoreError};

use crate::people::{account, account_id, changed, erased, event, identity, link, made, nothing};
use crate::promises;
use crate::sides::{AccountStream, People};

/// Stores an account.
pub async fn stored<G, S>(people: &People<impl Accounts, G, S>, account: Account) -> Account {
    assert_eq!(people.accounts.save_account(&made(&account)).await.unwrap(), SaveOutcome::Saved);
    account
}

async fn an_account_is_found_by_its_id_its_address_and_its_identities<G, S>(people: &People<impl Accounts, G, S>) {
    let of_both = Account { identities: vec![identity("1"), identity("2")], ..account(1, "Anna@Example.com") };
    let anna = stored(people, of_both).await;
    stored(people, account(2, "ben@example.com")).await;
    let found = |found: Result<_, StoreError>| found.unwrap();
    assert_eq!(found(people.accounts.account(anna.id).await), Some(anna.clone()));
    for email in ["Anna@Example.com", "anna@example.COM"] {
        assert_eq!(found(people.accounts.account_with_email(&email.parse().unwrap()).await), Some(anna.clone()));
    }
    for subject in ["1", "2"] {
        assert_eq!(found(people.accounts.account_with_identity(&identity(subject)).await), Some(anna.clone()));
    }
    assert_eq!(found(people.accounts.account(account_id(3)).await), None);
    assert_eq!(found(people.accounts.account_with_email(&"a@example.com".parse().unwrap()).await), None);
    assert_eq!(found(people.accounts.account_with_identity(&identity("3")).await), None);
}

async fn a_change_of_an_older_version_is_a_conflict_and_leaves_no_trace<G>(
    people: &People<impl Accounts, G, impl AccountStream>,
) {
    let anna = stored(people, account(1, "anna@example.com")).await;
    let first = changed(&anna, |account| account.role = domain::Role::Staff);
    people.accounts.save_account(&first).await.unwrap();
    let late = AccountChange {
        events: vec![event(1, 1)],
        link: Some(link(1, anna.id)),
        ..changed(&anna, |account| account.email = "other@example.com".parse().unwrap())
    };
    let skipping = changed(&first.after.clone().unwrap(), |account| account.version = 4);
    for change in [&late, &first, &made(&anna), &erased(&anna), &skipping] {
        assert!(matches!(people.accounts.save_account(change).await, Err(StoreError::Conflict)));
    }
    assert_eq!(people.accounts.account(anna.id).await.unwrap(), first.after);
    assert_eq!(people.accounts.account_with_email(&"other@example.com".parse().unwrap()).await.unwrap(), None);
    assert_eq!(people.accounts.link(link(1, anna.id).id).await.unwrap(), None);
    assert_eq!(people.stream.told(), []);
}

async fn of_many_changes_to_one_version_one_is_stored<G>(people: &People<impl Accounts, G, impl AccountStream>) {
    let anna = stored(people, account(1, "anna@example.com")).await;
    let change = |n| {
        let to = |account: &mut Account| account.email = format!("anna{n}@example.com").parse().unwrap();
        AccountChange { events: vec![event(1, n)], ..changed(&anna, to) }
    };
    let changes: Vec<_> = (1..=20).map(change).collect();
    let saved = join_all(changes.iter().map(|change| people.accounts.save_account(change))).await;
    let winner = saved.iter().position(Result::is_ok).unwrap();
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 19);
    assert_eq!(people.accounts.account(anna.id).await.unwrap(), changes[winner].after);
    assert_eq!(people.stream.told(), changes[winner].events);
    for (n, change) in changes.iter().enumerate() {
        let email = &change.after.as_ref().unwrap().email;
        assert_eq!(people.accounts.account_with_email(email).await.unwrap().is_some(), n == winner);
    }
}

async fn of_many_accounts_with_one_address_one_is_stored<G>(people: &People<impl Accounts, G, impl AccountStream>) {
    let change = |n: u128| {
        let email = if n.is_multiple_of(2) { "Anna@Example.com" } else { "anna@example.com" };
        AccountChange { events: vec![event(n, n)], ..made(&account(n, email)) }
    };
    let changes: Vec<_> = (1..=20).map(change).collect();
    let saved = join_all(changes.iter().map(|change| people.accounts.save_account(change))).await;
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Ok(SaveOutcome::Taken))).count(), 19);
    let winner = saved.iter().position(|saved| matches!(saved, Ok(SaveOutcome::Saved))).unwrap();
    let found = people.accounts.account_with_email(&"ANNA@example.com".parse().unwrap()).await.unwrap();
    assert_eq!(found, changes[winner].after);
    assert_eq!(people.stream.told(), changes[winner].events);
    for (n, change) in (1..).zip(&changes) {
        let stored = people.accounts.account(account_id(n)).await.unwrap();
        assert_eq!(stored, change.after.clone().filter(|_| change == &changes[winner]));
    }
}

async fn of_many_accounts_with_one_openid_identity_one_gets_it<G, S>(people: &People<impl Accounts, G, S>) {
    let mut accounts = Vec::new();
    for n in 1..=20 {
        accounts.push(stored(people, account(n, &format!("anna{n}@example.com"))).await);
    }
    let linked = |account| changed(account, |account: &mut Account| account.identities = vec![identity("1")]);
    let changes: Vec<_> = accounts.iter().map(linked).collect();
    let saved = join_all(changes.iter().map(|change| people.accounts.save_account(change))).await;
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Ok(SaveOutcome::Taken))).count(), 19);
    let winner = saved.iter().position(|saved| matches!(saved, Ok(SaveOutcome::Saved))).unwrap();
    assert_eq!(people.accounts.account_with_identity(&identity("1")).await.unwrap(), changes[winner].after);
}

async fn what_an_account_lets_go_of_is_free_for_others<G, S>(people: &People<impl Accounts, G, S>) {
    let (old, new) = ("anna@example.com".parse().unwrap(), "new@example.com".parse().unwrap());
    let of_one = Account { identities: vec![identity("1")], ..account(1, "anna@example.com") };
    let anna = stored(people, of_one).await;
    let moved = changed(&anna, |account| {
        account.email = "new@example.com".parse().unwrap();
        account.identities = vec![identity("2")];
    });
    assert_eq!(people.accounts.save_account(&moved).await.unwrap(), SaveOutcome::Saved);
    assert_eq!(people.accounts.account_with_email(&old).await.unwrap(), None);
    assert_eq!(people.accounts.account_with_identity(&identity("1")).await.unwrap(), None);
    assert_eq!(people.accounts.account_with_email(&new).await.unwrap(), moved.after);
    assert_eq!(people.accounts.account_with_identity(&identity("2")).await.unwrap(), moved.after);

    let ben = stored(people, Account { identities: vec![identity("1")], ..account(2, "anna@example.com") }).await;
    assert_eq!(people.accounts.account_with_email(&old).await.unwrap(), Some(ben.clone()));
    let greedy = changed(&ben, |account| account.identities.push(identity("2")));
    assert_eq!(people.accounts.save_account(&greedy).await.unwrap(), SaveOutcome::Taken);
    assert_eq!(people.accounts.account(ben.id).await.unwrap(), Some(ben));
}

async fn an_address_may_change_its_case_alone<G, S>(people: &People<impl Accounts, G, S>) {
    let anna = stored(people, account(1, "anna@example.com")).await;
    let shouting = changed(&anna, |account| account.email = "ANNA@example.com".parse().unwrap());
    assert_eq!(people.accounts.save_account(&shouting).await.unwrap(), SaveOutcome::Saved);
    assert_eq!(people.accounts.account_with_email(&anna.email).await.unwrap(), shouting.after);
}

async fn an_erased_account_leaves_nothing_but_its_events<G>(people: &People<impl Accounts, G, impl AccountStream>) {
    let of_two = Account { identities: vec![identity("1"), identity("2")], ..account(1, "anna@example.com") };
    let anna = stored(people, of_two).await;
    let ends: Vec<_> = (1..=10).map(|n| AccountChange { events: vec![event(1, n)], ..erased(&anna) }).collect();
    let saved = join_all(ends.iter().map(|end| people.accounts.save_account(end))).await;
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Ok(SaveOutcome::Saved))).count(), 1);
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 9);
    let winner = saved.iter().position(Result::is_ok).unwrap();
    assert_eq!(people.stream.told(), ends[winner].events);
    assert_eq!(people.accounts.account(anna.id).await.unwrap(), None);
    assert_eq!(people.accounts.account_with_email(&anna.email).await.unwrap(), None);
    assert_eq!(people.accounts.account_with_identity(&identity("2")).await.unwrap(), None);
    stored(people, Account { id: account_id(2), ..anna }).await;
}

async fn events_come_out_of_the_stream_as_they_went_in_and_once<G>(
    people: &People<impl Accounts, G, impl AccountStream>,
) {
    let anna = account(1, "anna@example.com");
    let first = AccountChange { events: vec![event(1, 1), event(1, 2)], ..made(&anna) };
    let alone = AccountChange { events: vec![event(5, 3)], link: Some(link(3, account_id(5))), ..nothing() };
    let second = AccountChange { events: vec![event(1, 4)], ..changed(&anna, |account| account.password = None) };
    for change in [&first, &alone, &second] {
        // A caller that lost the answer repeats the write.
        for _ in 0..2 {
            assert_eq!(people.accounts.save_account(change).await.unwrap(), SaveOutcome::Saved);
        }
    }
    assert_eq!(people.stream.told(), [event(1, 1), event(1, 2), event(5, 3), event(1, 4)]);
    assert_eq!(people.accounts.account(anna.id).await.unwrap(), second.after);
    assert_eq!(people.accounts.account(account_id(5)).await.unwrap(), None);
    assert!(people.accounts.link(link(3, account_id(5)).id).await.unwrap().is_some());
}

promises! { people:
    an_account_is_found_by_its_id_its_address_and_its_identities,
    a_change_of_an_older_version_is_a_conflict_and_leaves_no_trace,
    of_many_changes_to_one_version_one_is_stored,
    of_many_accounts_with_one_address_one_is_stored,
    of_many_accounts_with_one_openid_identity_one_gets_it,
    what_an_account_lets_go_of_is_free_for_others,
    an_address_may_change_its_case_alone,
    an_erased_account_leaves_nothing_but_its_events,
    events_come_out_of_the_stream_as_they_went_in_and_once,
}
