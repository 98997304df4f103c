//! Writes to the identity table that took effect although their answer was lost.

use std::slice::from_ref;

use domain::{Account, AccountChange, ApiKey, Session};
use serde_json::json;
use store::{Accounts, ApiKeys, SaveOutcome, Sessions, StoreError};

use crate::accounts::stored;
use crate::fixtures::at;
use crate::local::{CONFLICT, Fault, LocalDynamo};
use crate::lost_answers::{ALL, LOST, TRANSACTION};
use crate::people::{
    account, account_id, api_key, changed, erased, event, flow, hash, identity, key_id, link, made, nothing, session,
};
use crate::sides::{AccountStream as _, Dynamo, dynamo, run};

/// With a remembered transaction token, and as after its ten minutes.
const TOKENS: [(usize, bool); 4] = [(1, false), (3, false), (1, true), (3, true)];

/// Saves the change while this many answers are lost.
async fn save(side: &Dynamo, change: &AccountChange, lost: usize) -> Result<SaveOutcome, StoreError> {
    side.local.lose_answers(TRANSACTION, lost);
    side.people.accounts.save_account(change).await
}

#[test]
fn a_change_of_an_account_knows_itself_from_its_making_to_its_end() {
    for (lost, forgets_tokens) in TOKENS {
        run(async {
            let side = dynamo().await;
            if forgets_tokens {
                side.local.forget_tokens();
            }
            let anna = Account { identities: vec![identity("1")], ..account(1, "anna@example.com") };
            let sent = link(1, anna.id);
            let made = AccountChange { events: vec![event(1, 1)], link: Some(sent.clone()), ..made(&anna) };
            let verify = changed(&anna, |account| account.email = "new@example.com".parse().unwrap());
            let verify = AccountChange { uses: Some(sent.id), ..verify };
            let after = verify.after.clone().unwrap();
            let told = AccountChange { events: vec![event(1, 2)], ..nothing() };
            let erase = AccountChange { events: vec![event(1, 3)], ..erased(&after) };
            for change in [&made, &verify, &told, &erase] {
                side.local.forget_requests();
                assert_eq!(save(&side, change, lost).await.unwrap(), SaveOutcome::Saved);
                assert_eq!(side.requests(TRANSACTION), lost + 1);
            }
            assert_eq!(side.people.stream.told(), [event(1, 1), event(1, 2), event(1, 3)]);
            assert_eq!(side.people.accounts.account(anna.id).await.unwrap(), None);
            assert_eq!(side.people.accounts.link(sent.id).await.unwrap(), None);
        });
    }
}

#[test]
fn somebody_elses_change_is_not_taken_for_ones_own() {
    run(async {
        let side = dynamo().await;
        side.local.forget_tokens();
        let anna = stored(&side.people, account(1, "anna@example.com")).await;
        let sent = link(1, anna.id);
        let theirs = changed(&anna, |account| account.updated_at = at(1));
        let theirs = AccountChange { link: Some(sent.clone()), ..theirs };
        side.people.accounts.save_account(&theirs).await.unwrap();
        let mine = AccountChange { events: vec![event(1, 9)], ..changed(&anna, |account| account.updated_at = at(2)) };
        assert!(matches!(save(&side, &mine, 1).await, Err(StoreError::Conflict)));
        assert!(matches!(save(&side, &erased(&anna), 1).await, Err(StoreError::Conflict)));
        let rival = AccountChange { events: vec![event(2, 9)], ..made(&account(2, "anna@example.com")) };
        assert_eq!(save(&side, &rival, 1).await.unwrap(), SaveOutcome::Taken);
        assert_eq!(side.people.accounts.account(anna.id).await.unwrap(), theirs.after);
        assert_eq!(side.people.stream.told(), []);
    });
}

#[test]
fn when_every_answer_is_lost_the_same_change_may_be_said_again() {
    run(async {
        let side = dynamo().await;
        side.local.forget_tokens();
        let made = AccountChange { events: vec![event(1, 1)], ..made(&account(1, "anna@example.com")) };
        assert!(matches!(save(&side, &made, ALL).await, Err(StoreError::Unavailable(_))));
        assert_eq!(save(&side, &made, 0).await.unwrap(), SaveOutcome::Saved);
        assert_eq!(side.people.stream.told(), made.events);
    });
}

#[test]
fn transactions_that_meet_another_one_are_tried_again() {
    run(async {
        let side = dynamo().await;
        (0..3).for_each(|_| side.local.fail(TRANSACTION, Fault::Refused(400, CONFLICT)));
        stored(&side.people, account(1, "anna@example.com")).await;
        assert_eq!(side.requests(TRANSACTION), 4);
    });
}

#[test]
fn a_session_and_its_end_survive_lost_answers() {
    for lost in LOST {
        run(async {
            let (side, first) = (dynamo().await, session(1, account_id(1)));
            let sessions = &side.people.accounts;
            side.local.lose_answers("PutItem", lost);
            sessions.save_session(&first).await.unwrap();
            let second = Session { version: 2, current: hash("second"), ..first.clone() };
            side.local.lose_answers("PutItem", lost);
            sessions.save_session(&second).await.unwrap();
            let rival = Session { current: hash("rival"), ..second.clone() };
            side.local.lose_answers("PutItem", lost);
            assert!(matches!(sessions.save_session(&rival).await, Err(StoreError::Conflict)));
            assert_eq!(sessions.session(first.account, first.id).await.unwrap(), Some(second));
            side.local.lose_answers("DeleteItem", lost);
            sessions.end_session(first.account, first.id).await.unwrap();
            assert_eq!(sessions.session(first.account, first.id).await.unwrap(), None);
        });
    }
}

#[test]
fn whoever_took_a_sign_in_and_lost_the_answer_still_gets_it_and_nobody_else_does() {
    for lost in LOST {
        run(async {
            let side = dynamo().await;
            side.local.lose_answers("PutItem", lost);
            side.people.accounts.keep_flow(&flow("ab12")).await.unwrap();
            side.local.lose_answers("UpdateItem", lost);
            assert_eq!(side.people.accounts.take_flow("ab12").await.unwrap(), Some(flow("ab12")));
            side.local.lose_answers("UpdateItem", lost);
            assert_eq!(side.people.accounts.take_flow("ab12").await.unwrap(), None);
        });
    }
}

#[test]
fn keys_know_themselves_and_their_use_is_noted() {
    for (lost, forgets_tokens) in TOKENS {
        run(async {
            let side = dynamo().await;
            if forgets_tokens {
                side.local.forget_tokens();
            }
            let keys = &side.people.accounts;
            let key = api_key(1, 0);
            let revoked = ApiKey { version: 2, revoked_at: Some(at(1)), ..key.clone() };
            side.local.lose_answers(TRANSACTION, lost);
            keys.save_api_keys(from_ref(&key), &[]).await.unwrap();
            side.local.lose_answers(TRANSACTION, lost);
            keys.save_api_keys(&[revoked.clone(), api_key(2, 0)], &[event(1, 1)]).await.unwrap();
            side.local.lose_answers(TRANSACTION, lost);
            let rival = ApiKey { revoked_at: Some(at(2)), ..revoked.clone() };
            assert!(matches!(keys.save_api_keys(&[rival], &[]).await, Err(StoreError::Conflict)));
            side.local.lose_answers("UpdateItem", lost);
            keys.record_use(key.id, at(7)).await.unwrap();
            let expected = ApiKey { last_used_at: Some(at(7)), ..revoked };
            assert_eq!(keys.api_key(key.id).await.unwrap(), Some(expected));
            assert_eq!(side.people.stream.told(), [event(1, 1)]);
        });
    }
}

/// What DynamoDB itself will delete, and when, in seconds since the epoch.
fn ttl(local: &LocalDynamo, table: &str, pk: &str, sk: &str) -> Option<String> {
    let request = json!({"TableName": table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}});
    let item = &local.ask("GetItem", request)["Item"];
    assert!(item.is_object(), "{pk} {sk}");
    item["ttl"]["N"].as_str().map(str::to_owned)
}

#[test]
fn what_passes_says_when_as_a_number_and_what_stays_says_nothing() {
    run(async {
        use store::{KnownAddresses as _, RateLimiter as _};
        let (side, anna) = (dynamo().await, account(1, "anna@example.com"));
        let people = &side.people;
        let change = AccountChange { link: Some(link(1, anna.id)), events: vec![event(1, 1)], ..made(&anna) };
        people.accounts.save_account(&change).await.unwrap();
        let session = session(1, anna.id);
        people.accounts.save_session(&session).await.unwrap();
        people.accounts.keep_flow(&flow("ab12")).await.unwrap();
        people.accounts.save_api_keys(&[api_key(1, 0)], &[]).await.unwrap();
        people.guards.take("b", crate::guards::LIMIT, at(0)).await.unwrap();
        people.guards.remember("f", at(600)).await.unwrap();

        let soon_after = |second: i64| Some((at(second).seconds() + 1).to_string());
        let ttl = |table, pk: &str, sk: &str| ttl(&side.local, table, pk, sk);
        assert_eq!(ttl("identity", &format!("link#{}", link(1, anna.id).id), "link"), soon_after(86_400));
        assert_eq!(ttl("identity", &format!("sessions#{}", anna.id), &session.id.to_string()), soon_after(86_400));
        assert_eq!(ttl("identity", "flow#ab12", "flow"), soon_after(600));
        assert_eq!(ttl("guards", "bucket#b", "bucket"), soon_after(60));
        assert_eq!(ttl("guards", "fact#f", "fact"), soon_after(600));
        assert_eq!(ttl("identity", &anna.id.to_string(), "account"), None);
        assert_eq!(ttl("identity", "email#anna@example.com", "email"), None);
        assert_eq!(ttl("identity", &format!("key#{}", key_id(1)), "key"), None);
        let [events, event_key] = store::account_event_key(&event(1, 1));
        assert_eq!(ttl("identity", &events, &event_key), None);
    });
}
