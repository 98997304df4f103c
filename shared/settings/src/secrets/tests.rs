use std::cell::{Cell, RefCell};

use resilience::VirtualClock;
use serde::Deserialize;
use timestamp::Timestamp;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
struct Shape {
    api_key: Secret<String>,
}

/// A source whose text can be changed and taken away, and which counts how often it was asked.
struct Source {
    text: RefCell<Option<String>>,
    asked: Cell<u32>,
}

impl Source {
    fn with(api_key: &str) -> Self {
        Self { text: RefCell::new(Some(json(api_key))), asked: Cell::new(0) }
    }
}

impl SecretSource for Source {
    async fn text(&self, id: &str) -> Result<Secret<String>, SecretError> {
        self.asked.set(self.asked.get() + 1);
        let down = || SecretError::Unavailable { id: id.to_owned(), source: "down".into() };
        self.text.borrow().clone().map(Secret::new).ok_or_else(down)
    }
}

fn json(api_key: &str) -> String {
    format!(r#"{{"api_key":"{api_key}"}}"#)
}

fn clock() -> VirtualClock {
    VirtualClock::at(Timestamp::from_seconds(1_000_000))
}

type Read = Result<Arc<Shape>, SecretError>;

fn key(read: Read) -> String {
    read.unwrap().api_key.expose().clone()
}

#[test]
fn a_secret_is_asked_for_once_in_five_minutes() {
    let (clock, source) = (clock(), Source::with("one"));
    let secret = CachedSecret::<Shape, _, _>::new("stripe", &source, clock.clone());
    clock.run(async {
        assert_eq!(source.asked.get(), 0, "nothing is read before it is needed");
        assert_eq!(key(secret.get().await), "one");
        source.text.replace(Some(json("two")));
        clock.advance(SECRET_FRESH_FOR.saturating_sub(Duration::from_millis(1)));
        assert_eq!(key(secret.get().await), "one");
        clock.advance(Duration::from_millis(1));
        assert_eq!(key(secret.get().await), "two");
        assert_eq!(source.asked.get(), 2);
    });
}

#[test]
fn the_old_value_serves_for_an_hour_while_the_source_is_down() {
    let (clock, source) = (clock(), Source::with("one"));
    let secret = CachedSecret::<Shape, _, _>::new("stripe", &source, clock.clone());
    clock.run(async {
        assert_eq!(key(secret.get().await), "one");
        source.text.replace(None);
        clock.advance(SECRET_FRESH_FOR);
        assert_eq!(key(secret.get().await), "one");
        assert_eq!(key(secret.get().await), "one");
        assert_eq!(source.asked.get(), 2, "a source that is down is not asked at every call");
        clock.advance(ASK_AGAIN_AFTER);
        assert_eq!(key(secret.get().await), "one");
        assert_eq!(source.asked.get(), 3);

        clock.advance(SECRET_FRESH_FOR * SECRET_STALE_TIMES);
        assert!(matches!(secret.get().await, Err(SecretError::Unavailable { id, .. }) if id == "stripe"));
        source.text.replace(Some(json("two")));
        assert_eq!(key(secret.get().await), "two");
    });
}

#[test]
fn a_secret_of_another_shape_is_an_error_that_does_not_quote_it() {
    let (clock, source) = (clock(), Source::with("one"));
    source.text.replace(Some(r#"{"api_key": 4242, "password": "hunter2"}"#.to_owned()));
    let secret = CachedSecret::<Shape, _, _>::new("stripe", &source, clock.clone());
    let error = clock.run(secret.get()).unwrap_err();
    let shown = format!("{error:?} {}", chain(&error));
    assert!(shown.contains("secret stripe is not of the expected shape"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("4242"), "{shown}");
}

#[test]
fn nothing_shows_the_value() {
    let clock = clock();
    let source = FixedSecrets::new([("stripe", json("sk_test_do_not_show"))]);
    let secret = CachedSecret::<Shape, _, _>::new("stripe", &source, clock.clone());
    let value = clock.run(secret.get()).unwrap();
    assert_eq!(value.api_key.expose(), "sk_test_do_not_show");
    let shown = format!("{value:?} {secret:?} {source:?}");
    assert!(!shown.contains("do_not_show"), "{shown}");
    assert!(clock.run(CachedSecret::<Shape, _, _>::new("other", &source, clock.clone()).get()).is_err());
}

#[test]
fn a_text_that_was_set_is_taken_up_after_the_sources_own_time() {
    let clock = clock();
    let source = FixedSecrets::new([("stripe", json("one"))]).fresh_for(Duration::from_secs(2));
    let secret = CachedSecret::<Shape, _, _>::new("stripe", source.clone(), clock.clone());
    clock.run(async {
        assert_eq!(key(secret.get().await), "one");
        source.set("stripe", json("two"));
        clock.advance(Duration::from_millis(1_999));
        assert_eq!(key(secret.get().await), "one");
        clock.advance(Duration::from_millis(1));
        assert_eq!(key(secret.get().await), "two");
    });
}
