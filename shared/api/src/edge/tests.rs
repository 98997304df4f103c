use resilience::VirtualClock;

use super::*;
use crate::Subject;

const LIMIT: Limit = Limit { requests: 30, period: Duration::from_mins(1) };

fn told(taken: Decision) -> [String; 2] {
    let mut headers = HeaderMap::new();
    RateLimitState { class: Class::Order, limit: LIMIT, taken }.write_headers(&mut headers);
    [POLICY, RATE_LIMIT].map(|name| headers[name].to_str().unwrap().to_owned())
}

#[test]
fn a_client_is_told_its_limit_and_what_is_left() {
    let (seconds, millis) = (Duration::from_secs, Duration::from_millis);
    for (taken, state) in [
        (Decision::Allowed { remaining: 29, reset: seconds(2) }, r#""order";r=29;t=2"#),
        (Decision::Allowed { remaining: 1, reset: millis(57_001) }, r#""order";r=1;t=58"#),
        (Decision::Allowed { remaining: 0, reset: seconds(60) }, r#""order";r=0;t=2"#),
        (Decision::Allowed { remaining: 0, reset: millis(59_100) }, r#""order";r=0;t=2"#),
        (Decision::Refused { retry_after: millis(1_001) }, r#""order";r=0;t=2"#),
    ] {
        assert_eq!(told(taken), [r#""order";q=30;w=60"#, state], "{taken:?}");
    }
}

/// A table that fails, or never answers.
struct UnavailableGuards {
    silent: bool,
}

impl RateLimiter for UnavailableGuards {
    async fn take(&self, _: &str, _: Limit, _: domain::Timestamp) -> Result<Decision, StoreError> {
        if self.silent {
            std::future::pending::<()>().await;
        }
        Err(StoreError::Unavailable("down".into()))
    }

    async fn give_back(&self, _: &str, _: Limit, _: domain::Timestamp) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("down".into()))
    }
}

#[test]
fn without_the_table_signing_in_stops_and_the_shop_stays_open() {
    let owner = Owner::address_of(&lambda_http::Request::default());
    assert_eq!(owner.subject(), Subject::Address);
    for silent in [false, true] {
        let clock = VirtualClock::at(domain::Timestamp::from_seconds(0));
        let edge = Edge { guards: &UnavailableGuards { silent }, clock: clock.clone(), scale: 1 };
        for class in Class::ALL {
            let taken = clock.run(edge.take(class, &owner));
            match class {
                Class::SignIn => assert!(matches!(taken, Err(ApiError::Store(_))), "{taken:?}"),
                _ => assert!(matches!(taken, Ok(None)), "{taken:?}"),
            }
        }
        let waited = clock.now().since(domain::Timestamp::from_seconds(0));
        assert_eq!(waited, if silent { PATIENCE * 7 } else { Duration::ZERO });
    }
}

#[test]
fn switched_off_nothing_is_asked_for() {
    let clock = VirtualClock::at(domain::Timestamp::from_seconds(0));
    let edge = Edge { guards: &UnavailableGuards { silent: false }, clock: clock.clone(), scale: 0 };
    let owner = Owner::address_of(&lambda_http::Request::default());
    assert_eq!(clock.run(edge.take(Class::SignIn, &owner)).unwrap(), None);
}
