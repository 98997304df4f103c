//! Links in mails: each is used once.

use domain::AccountChange;
use futures::future::join_all;
use store::{Accounts, SaveOutcome, StoreError};

use crate::accounts::stored;
use crate::fixtures::at;
use crate::people::{account, changed, event, link, nothing};
use crate::promises;
use crate::sides::{AccountStream, People};

async fn a_link_comes_with_its_change_and_goes_with_its_use<G, S>(people: &People<impl Accounts, G, S>) {
    let anna = stored(people, account(1, "anna@example.com")).await;
    let (one, other) = (link(1, anna.id), link(2, anna.id));
    for sent in [&one, &other] {
        people.accounts.save_account(&AccountChange { link: Some(sent.clone()), ..nothing() }).await.unwrap();
    }
    assert_eq!(people.accounts.link(one.id).await.unwrap(), Some(one.clone()));
    let verify = changed(&anna, |account| account.email_verified_at = Some(at(1)));
    let verify = AccountChange { uses: Some(one.id), ..verify };
    assert_eq!(people.accounts.save_account(&verify).await.unwrap(), SaveOutcome::Saved);
    assert_eq!(people.accounts.link(one.id).await.unwrap(), None);
    assert_eq!(people.accounts.link(other.id).await.unwrap(), Some(other));
}

async fn of_many_who_use_one_link_one_does<G>(people: &People<impl Accounts, G, impl AccountStream>) {
    let anna = stored(people, account(1, "anna@example.com")).await;
    let sent = link(1, anna.id);
    people.accounts.save_account(&AccountChange { link: Some(sent.clone()), ..nothing() }).await.unwrap();
    let reset = |n| {
        let reset = changed(&anna, |account| account.sessions_since = at(i64::try_from(n).unwrap()));
        AccountChange { uses: Some(sent.id), events: vec![event(1, n)], ..reset }
    };
    let resets: Vec<_> = (1..=20).map(reset).collect();
    let saved = join_all(resets.iter().map(|change| people.accounts.save_account(change))).await;
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Ok(SaveOutcome::LinkGone))).count(), 19);
    let winner = saved.iter().position(|saved| matches!(saved, Ok(SaveOutcome::Saved))).unwrap();
    assert_eq!(people.accounts.account(anna.id).await.unwrap(), resets[winner].after);
    assert_eq!(people.stream.told(), resets[winner].events);

    // A caller that reads the account again and comes with the same link is too late as well.
    let after = resets[winner].after.clone().unwrap();
    let again = AccountChange { uses: Some(sent.id), ..changed(&after, |account| account.updated_at = at(9)) };
    assert_eq!(people.accounts.save_account(&again).await.unwrap(), SaveOutcome::LinkGone);
    assert_eq!(people.accounts.account(anna.id).await.unwrap(), Some(after));
}

async fn a_link_outlives_a_change_that_was_not_stored<G, S>(people: &People<impl Accounts, G, S>) {
    let anna = stored(people, account(1, "anna@example.com")).await;
    let sent = link(1, anna.id);
    let newer = changed(&anna, |account| account.updated_at = at(1));
    people.accounts.save_account(&AccountChange { link: Some(sent.clone()), ..newer }).await.unwrap();
    let late = AccountChange { uses: Some(sent.id), ..changed(&anna, |account| account.updated_at = at(2)) };
    assert!(matches!(people.accounts.save_account(&late).await, Err(StoreError::Conflict)));
    assert_eq!(people.accounts.link(sent.id).await.unwrap(), Some(sent));
}

promises! { people:
    a_link_comes_with_its_change_and_goes_with_its_use,
    of_many_who_use_one_link_one_does,
    a_link_outlives_a_change_that_was_not_stored,
}
