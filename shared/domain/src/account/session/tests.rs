use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{CustomerId, EmailAddress, Role};

const START: Timestamp = Timestamp::from_seconds(1_000_000);

fn account() -> Account {
    let email: EmailAddress = "anna@example.com".parse().unwrap();
    Account {
        id: AccountId::Customer(CustomerId::from_uuid(Uuid::from_u128(1))),
        role: Role::Customer,
        email,
        email_verified_at: Some(START),
        password: None,
        identities: vec![],
        sessions_since: START,
        disabled_at: None,
        created_at: START,
        updated_at: START,
        version: 1,
    }
}

/// The family's tokens by number: each follows from the one before it.
fn token(number: u32) -> TokenHash {
    TokenHash(format!("token-{number}"))
}

fn session() -> Session {
    Session::begin(SessionId::from_uuid(Uuid::from_u128(2)), &account(), token(0), START)
}

fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn show(session: &Session, number: u32, now: Timestamp) -> Rotation {
    session.rotate(&account(), &token(number), &[token(number + 1)], now)
}

/// The session after its first token was presented in the tenth second.
fn rotated() -> Session {
    match show(&session(), 0, at(10)) {
        Rotation::Rotated(session) => session,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_current_token_makes_room_for_its_successor() {
    let next = rotated();
    assert_eq!((&next.current, &next.previous), (&token(1), &Some(token(0))));
    assert_eq!((next.rotated_at, next.version, next.expires_at), (at(10), 2, session().expires_at));
}

#[test]
fn the_previous_token_is_good_for_its_successor_for_half_a_minute() {
    for (second, rotation) in [(10, Rotation::Repeated), (40, Rotation::Repeated), (41, Rotation::Reused)] {
        assert_eq!(show(&rotated(), 0, at(second)), rotation, "{second}");
    }
}

#[test]
fn what_is_neither_current_nor_previous_ends_the_session() {
    let Rotation::Rotated(twice) = show(&rotated(), 1, at(11)) else { panic!("the second rotation") };
    assert_eq!(show(&twice, 0, at(12)), Rotation::Reused, "older than the previous one, however soon");
    assert_eq!(show(&twice, 99, at(12)), Rotation::Reused, "none that there ever was");
}

#[test]
fn a_session_ends_after_thirty_days_and_with_its_accounts_password() {
    let session = session();
    let last = at(30 * 24 * 60 * 60);
    assert!(matches!(show(&session, 0, Timestamp::from_millis(last.millis() - 1)), Rotation::Rotated(_)));
    assert_eq!(show(&session, 0, last), Rotation::Over);

    for since in [at(1), Timestamp::from_millis(START.millis() - 1)] {
        let changed = Account { sessions_since: since, ..account() };
        assert_eq!(session.rotate(&changed, &token(0), &[token(1)], at(2)), Rotation::Over);
    }
}

#[test]
fn a_repetition_finds_its_successor_by_an_older_key_as_well() {
    let by_new_key = TokenHash("by the new key".to_owned());
    let repeated = rotated().rotate(&account(), &token(0), &[by_new_key.clone(), token(1)], at(12));
    assert_eq!(repeated, Rotation::Repeated);
    let unknown = rotated().rotate(&account(), &token(0), &[by_new_key], at(12));
    assert_eq!(unknown, Rotation::Reused, "none of the keys made the current one");
}

/// A presented token, counted back from the newest one handed out, and the seconds since then.
fn showings() -> impl Strategy<Value = Vec<(u32, u64)>> {
    prop::collection::vec((0_u32..4, prop_oneof![Just(0_u64), 1_u64..29, 30_u64..32, 33_u64..5000]), 1..60)
}

proptest! {
    /// Whatever is presented in whatever order: one token is live, each call hands out that one or none, a token that
    /// comes back too late ends the session, and nothing is handed out afterwards.
    #[test]
    fn one_successor_is_live_and_reuse_ends_the_family(showings in showings()) {
        let (mut live, mut newest, mut now, mut rotated_at) = (Some(session()), 0_u32, START, START);
        for (back, wait) in showings {
            now = now.plus(Duration::from_secs(wait));
            let shown = newest.saturating_sub(back);
            let age = newest - shown;
            let rotation = live.as_ref().map_or(Rotation::Over, |session| show(session, shown, now));
            match &rotation {
                Rotation::Rotated(next) => {
                    prop_assert_eq!(age, 0, "only the newest is followed by another one");
                    prop_assert_eq!(&next.current, &token(newest + 1));
                }
                Rotation::Repeated => {
                    prop_assert_eq!(age, 1);
                    prop_assert!(now.since(rotated_at) <= ROTATION_GRACE);
                    prop_assert_eq!(&live.as_ref().unwrap().current, &token(shown + 1), "the same successor");
                }
                Rotation::Reused => {
                    prop_assert!(age > 1 || (age == 1 && now.since(rotated_at) > ROTATION_GRACE));
                }
                Rotation::Over => {
                    prop_assert!(live.as_ref().is_none_or(|session| session.is_over(&account(), now)));
                }
            }
            match rotation {
                Rotation::Rotated(next) => {
                    (newest, rotated_at, live) = (newest + 1, now, Some(next));
                }
                Rotation::Repeated => {}
                Rotation::Reused | Rotation::Over => live = None,
            }
        }
    }
}
