//! Accounts: nobody learns from an answer, nor from the work for it, whether there is an account.

mod counting_store;
mod fixture;

use domain::AccountEventType;
use serde_json::{Value, json};

use super::world::{ANNA, HandlerResponse, NOON, Who, event, request};
use counting_store::CountingStore;
pub use fixture::{AccountsFixture, HASH};

/// The functions whose samples are about the people of [`AccountsFixture`].
pub const FUNCTIONS: [&str; 10] = [
    "change-password",
    "erase-me",
    "get-me",
    "login",
    "logout",
    "refresh-token",
    "register",
    "request-password-reset",
    "reset-password",
    "verify-email",
];

const RIGHT: &str = "correct horse 1";

/// Signatures are never the same twice.
pub fn without_tokens(mut answered: HandlerResponse) -> HandlerResponse {
    for token in ["access_token", "refresh_token"] {
        if let Some(value) = answered.body.get_mut(token) {
            *value = "(a token)".into();
        }
    }
    let cookies = answered.headers.iter_mut().filter(|(name, _)| *name == http::header::SET_COOKIE);
    for (_, cookie) in cookies {
        let text = cookie.to_str().unwrap();
        let (name, rest) = text.split_once('=').unwrap();
        let (value, attributes) = rest.split_once("; ").unwrap();
        let value = if value.is_empty() { "" } else { "(a token)" };
        *cookie = format!("{name}={value}; {attributes}").parse().unwrap();
    }
    answered
}

/// What a caller could measure of a call: the answer, the calls of the tables, how often was hashed.
fn measured(function: &str, body: &Value) -> (HandlerResponse, Vec<&'static str>, u64) {
    let fixture = AccountsFixture::new();
    let store = CountingStore::new(&fixture.store);
    let mut event = event(None);
    event["body"] = body.to_string().into();
    let answered = fixture.call_with(store.clone(), function, request(event));
    (answered, store.calls(), fixture.passwords().runs())
}

#[track_caller]
fn all_the_same(function: &str, bodies: &[Value], status: u16, work: (&[&str], u64)) {
    let all: Vec<_> = bodies.iter().map(|body| measured(function, body)).collect();
    for (measured, body) in all.iter().zip(bodies) {
        let (answered, calls, runs) = measured;
        assert_eq!(answered, &all[0].0, "{body}");
        assert_eq!((answered.status, calls.as_slice(), *runs), (status, work.0, work.1), "{body}");
    }
}

#[test]
fn signing_in_tells_nothing_of_who_has_an_account() {
    let tried = |email: &str, password: &str| json!({"email": email, "password": password});
    let bodies = [
        tried("nobody@example.com", RIGHT),
        tried("anna@example.com", "wrong horse 1"),
        // Not verified, and the password is wrong as well.
        tried("ben@example.com", "wrong horse 1"),
        // Has no password at all.
        tried("cara@example.com", RIGHT),
        tried("cara@example.com", ""),
        // Is disabled.
        tried("fran@example.com", RIGHT),
        tried("fran@example.com", "wrong horse 1"),
    ];
    all_the_same("login", &bodies, 401, (&["remembers", "take", "account_with_email"], 1));
}

#[test]
fn registering_tells_nothing_of_who_has_an_account() {
    let bodies = [
        "nobody@example.com",
        "anna@example.com",
        "ANNA@example.com",
        "ben@example.com",
        "cara@example.com",
        "fran@example.com",
    ]
    .map(|email| json!({"email": email, "password": "tausend schöne tage"}));
    all_the_same("register", &bodies, 202, (&["take", "account_with_email", "save_account"], 1));
}

#[test]
fn asking_for_a_link_tells_nothing_of_who_has_an_account() {
    let bodies = ["nobody@example.com", "anna@example.com", "ben@example.com", "cara@example.com", "fran@example.com"]
        .map(|email| json!({ "email": email }));
    all_the_same("request-password-reset", &bodies, 202, (&["account_with_email", "take", "save_account"], 0));
}

#[test]
fn a_mailbox_that_has_its_links_gets_no_more_and_nobody_is_told() {
    let fixture = AccountsFixture::new();
    let ask = |email: &str| {
        let mut event = event(None);
        event["body"] = json!({ "email": email }).to_string().into();
        let store = CountingStore::new(&fixture.store);
        let answered = fixture.call_with(store.clone(), "request-password-reset", request(event));
        (answered, store.calls())
    };
    let first = ask("anna@example.com");
    for email in ["anna@example.com", "nobody@example.com"].repeat(7) {
        assert_eq!(ask(email), first, "{email}");
    }
    assert_eq!(fixture.store.account_stream_since(0).0.len(), 5, "mails");
}

#[test]
fn a_link_for_nobody_is_told_to_nobody() {
    let fixture = AccountsFixture::new();
    let mut event = event(None);
    event["body"] = json!({"email": "nobody@example.com"}).to_string().into();
    assert_eq!(fixture.call("request-password-reset", request(event)).status, 202);
    assert_eq!(fixture.store.account_stream_since(0).0, [], "nothing is published, nothing is mailed");
}

#[test]
fn without_the_table_of_limits_nobody_tries_passwords() {
    let fixture = AccountsFixture::new();
    let store = CountingStore::without_guards(&fixture.store);
    for (function, body) in [
        ("login", json!({"email": "anna@example.com", "password": RIGHT})),
        ("register", json!({"email": "dora@example.com", "password": "tausend schöne tage"})),
        ("request-password-reset", json!({"email": "anna@example.com"})),
    ] {
        let mut event = event(None);
        event["body"] = body.to_string().into();
        let answered = fixture.call_with(store.clone(), function, request(event));
        assert_eq!(answered.problem(), (503, "service-unavailable", None), "{function}");
    }
    assert_eq!(fixture.passwords().runs(), 0);
}

#[test]
fn passwords_that_are_guessed_first_are_not_taken() {
    let fixture = AccountsFixture::new();
    for (password, taken) in [
        ("short", false),
        ("dora@example.com", false),
        ("1234567890", false),
        ("Qwertyuiop1", false),
        (&"x".repeat(129), false),
        ("tausend schöne tage", true),
    ] {
        let mut event = event(None);
        event["body"] = json!({"email": "dora@example.com", "password": password}).to_string().into();
        let answered = fixture.call("register", request(event));
        if taken {
            assert_eq!(answered.status, 202, "{password}");
        } else {
            assert_eq!(answered.problem(), (422, "invalid-field", Some("password")), "{password}");
        }
    }
}

#[test]
fn a_stronger_hash_takes_the_place_of_a_weaker_one_at_the_next_sign_in() {
    let fixture = AccountsFixture::new();
    let login = || {
        let mut event = event(None);
        event["body"] = json!({"email": "emil@example.com", "password": RIGHT}).to_string().into();
        fixture.call("login", request(event)).status
    };
    let hash = || fixture.account("emil@example.com").password.unwrap();
    assert!(fixture.passwords().is_outdated(&hash()));
    assert_eq!(login(), 200);
    assert!(!fixture.passwords().is_outdated(&hash()));
    assert_eq!((login(), fixture.passwords().runs()), (200, 3), "hashed anew once");
}

#[test]
fn a_disabled_account_is_over_for_whoever_is_signed_in() {
    let token = "lnk_00000000000000000000000000000002.Qi6nw09Tf_QeS9IWLGU07pWjFPurDhHOGpjf9-o2vDQ";
    let refresh = format!("rt_{}_00000000000000000000000000000001_{}", ANNA.0, "ab".repeat(32));
    for (function, body, passes, refusal) in [
        (
            "change-password",
            json!({"current_password": RIGHT, "new_password": "a new staple 2"}),
            200,
            (401, "invalid-credentials"),
        ),
        ("erase-me", json!({"email": "anna@example.com", "password": RIGHT}), 202, (401, "invalid-credentials")),
        ("refresh-token", json!({ "refresh_token": refresh }), 200, (401, "session-ended")),
        ("reset-password", json!({"token": token, "new_password": "a new staple 2"}), 204, (400, "link-invalid")),
    ] {
        let call = |fixture: &AccountsFixture| {
            let mut event = event(Some(ANNA));
            event["body"] = body.to_string().into();
            fixture.call(function, request(event))
        };
        assert_eq!(call(&AccountsFixture::new()).status, passes, "{function}");
        let fixture = AccountsFixture::new();
        fixture.disable("anna@example.com");
        let before = fixture.account("anna@example.com");
        assert_eq!(call(&fixture).problem(), (refusal.0, refusal.1, None), "{function}");
        assert_eq!(fixture.account("anna@example.com"), before, "{function}");
    }
}

#[test]
fn an_account_without_a_password_is_erased_by_whoever_has_just_signed_in() {
    let fixture = AccountsFixture::new();
    let erase = |auth_time: Option<i64>| {
        let mut event = event(Some(Who("cus_00000000000000000000000000000003", "customer")));
        if let Some(auth_time) = auth_time {
            event["requestContext"]["authorizer"]["lambda"]["auth_time"] = auth_time.to_string().into();
        }
        event["body"] = json!({"email": "cara@example.com", "password": RIGHT}).to_string().into();
        fixture.call("erase-me", request(event))
    };
    for auth_time in [None, Some(NOON - 300), Some(0)] {
        let refused = erase(auth_time);
        assert_eq!(refused.problem(), (401, "insufficient-user-authentication", None), "{auth_time:?}");
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        let expected = r#"Bearer realm="order-api", error="insufficient_user_authentication", max_age="300""#;
        assert_eq!(challenge, expected);
    }
    assert!(fixture.find("cara@example.com").is_some());
    assert_eq!(erase(Some(NOON - 299)).status, 202);
    assert_eq!(fixture.find("cara@example.com"), None);
}

#[test]
fn an_account_is_erased_by_whoever_knows_it_and_nobody_else() {
    let fixture = AccountsFixture::new();
    let erase = |body: Value| {
        let mut event = event(Some(ANNA));
        event["body"] = body.to_string().into();
        fixture.call("erase-me", request(event))
    };
    let anna = |password: &str| json!({"email": "ANNA@example.com", "password": password});
    for (body, problem) in [
        (anna("wrong horse 1"), (401, "invalid-credentials", None)),
        (json!({"email": "ben@example.com", "password": RIGHT}), (422, "invalid-field", Some("email"))),
        (json!({"email": "anna@example.com"}), (422, "invalid-field", Some("password"))),
    ] {
        assert_eq!(erase(body.clone()).problem(), problem, "{body}");
    }
    let anna_was = fixture.account("anna@example.com");
    for _ in 0..2 {
        assert_eq!(erase(anna(RIGHT)).status, 202, "a repetition gets the same answer");
    }
    assert_eq!(fixture.find("anna@example.com"), None);
    let told = fixture.store.account_stream_since(0).0;
    let told: Vec<_> = told.iter().map(|event| (event.event_type, event.account_id)).collect();
    assert_eq!(told, [(AccountEventType::Erased, anna_was.id)]);
    assert!(fixture.find("ben@example.com").is_some() && fixture.find("cara@example.com").is_some());
}
