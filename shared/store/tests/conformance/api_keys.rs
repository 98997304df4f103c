//! API keys: stored together, marked as used, listed.

use std::slice::from_ref;

use domain::{ApiKey, KeyId};
use futures::future::join_all;
use store::{ApiKeys, StoreError};

use crate::fixtures::{all_pages, at};
use crate::people::{api_key, event, key_id};
use crate::promises;
use crate::sides::{AccountStream, People};

fn revoked(key: &ApiKey, second: i64) -> ApiKey {
    ApiKey { revoked_at: Some(at(second)), version: key.version + 1, ..key.clone() }
}

async fn keys_are_stored_together_with_their_events_or_not_at_all<G>(
    people: &People<impl ApiKeys, G, impl AccountStream>,
) {
    let (old, new) = (api_key(1, 0), api_key(2, 5));
    people.accounts.save_api_keys(from_ref(&old), &[event(1, 1)]).await.unwrap();
    assert_eq!(people.accounts.api_key(old.id).await.unwrap(), Some(old.clone()));
    let replaced = revoked(&old, 9);
    people.accounts.save_api_keys(&[replaced.clone(), new.clone()], &[event(1, 2)]).await.unwrap();

    let (late, third) = (revoked(&old, 10), api_key(3, 6));
    for keys in [[late.clone(), third.clone()], [third.clone(), late]] {
        let saved = people.accounts.save_api_keys(&keys, &[event(1, 3)]).await;
        assert!(matches!(saved, Err(StoreError::Conflict)));
    }
    assert_eq!(people.accounts.api_key(old.id).await.unwrap(), Some(replaced));
    assert_eq!(people.accounts.api_key(new.id).await.unwrap(), Some(new));
    assert_eq!(people.accounts.api_key(third.id).await.unwrap(), None);
    assert_eq!(people.stream.told(), [event(1, 1), event(1, 2)]);
}

async fn of_many_changes_of_a_key_one_is_stored<G, S>(people: &People<impl ApiKeys, G, S>) {
    let key = api_key(1, 0);
    people.accounts.save_api_keys(from_ref(&key), &[]).await.unwrap();
    let changes: Vec<_> = (1..=20).map(|second| [revoked(&key, second)]).collect();
    let saved = join_all(changes.iter().map(|change| people.accounts.save_api_keys(change, &[]))).await;
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 19);
    let winner = saved.iter().position(Result::is_ok).unwrap();
    assert_eq!(people.accounts.api_key(key.id).await.unwrap().as_ref(), changes[winner].first());
}

async fn a_use_is_noted_beside_the_versions_and_only_ever_later<G, S>(people: &People<impl ApiKeys, G, S>) {
    let key = api_key(1, 0);
    people.accounts.save_api_keys(from_ref(&key), &[]).await.unwrap();
    for (seen, known) in [(100, 100), (50, 100), (200, 200)] {
        people.accounts.record_use(key.id, at(seen)).await.unwrap();
        let expected = ApiKey { last_used_at: Some(at(known)), ..key.clone() };
        assert_eq!(people.accounts.api_key(key.id).await.unwrap(), Some(expected));
    }
    // A writer that read the key before its last use does not undo that.
    let revoked = ApiKey { last_used_at: Some(at(100)), ..revoked(&key, 300) };
    people.accounts.save_api_keys(from_ref(&revoked), &[]).await.unwrap();
    let expected = ApiKey { last_used_at: Some(at(200)), ..revoked };
    assert_eq!(people.accounts.api_key(key.id).await.unwrap(), Some(expected));
}

async fn the_use_of_a_key_that_is_not_there_makes_none<G, S>(people: &People<impl ApiKeys, G, S>) {
    people.accounts.record_use(key_id(1), at(0)).await.unwrap();
    assert_eq!(people.accounts.api_key(key_id(1)).await.unwrap(), None);
    let list = async |page| people.accounts.api_keys(&page).await.unwrap();
    assert_eq!(all_pages(10, list, async |_| ()).await, []);
}

async fn all_keys_come_newest_first_while_new_ones_arrive<G, S>(people: &People<impl ApiKeys, G, S>) {
    for n in 0..20 {
        people.accounts.save_api_keys(&[api_key(n, i64::try_from(n / 2).unwrap())], &[]).await.unwrap();
    }
    let old: Vec<KeyId> = (0..20).rev().map(key_id).collect();
    for limit in [1, 3, 20, 40] {
        let list = async |page| people.accounts.api_keys(&page).await.unwrap();
        let newcomers = async |pages: usize| {
            if pages <= 3 {
                let newcomer = u128::try_from(limit * 100 + pages).unwrap();
                people.accounts.save_api_keys(&[api_key(newcomer, 1000)], &[]).await.unwrap();
            }
        };
        let listed = all_pages(limit, list, newcomers).await;
        let listed: Vec<_> = listed.iter().map(|key| key.id).filter(|id| old.contains(id)).collect();
        assert_eq!(listed, old, "pages of {limit}");
    }
}

promises! { people:
    keys_are_stored_together_with_their_events_or_not_at_all,
    of_many_changes_of_a_key_one_is_stored,
    a_use_is_noted_beside_the_versions_and_only_ever_later,
    the_use_of_a_key_that_is_not_there_makes_none,
    all_keys_come_newest_first_while_new_ones_arrive,
}
