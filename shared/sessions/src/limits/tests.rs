use api::{ApiError, ProblemType};
use resilience::VirtualClock;
use store::MemoryStore;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn limits(account: &str, address: &str) -> AccountLimits {
    AccountLimits { account: account.to_owned(), address: address.to_owned() }
}

/// Tries until it is refused, at most a hundred times.
fn tries(guards: &MemoryStore, limits: &AccountLimits, now: Timestamp) -> usize {
    let clock = VirtualClock::at(now);
    let is_let = |_: &usize| clock.run(limits.try_password(guards, now)).is_ok();
    (0..100).take_while(is_let).count()
}

#[test]
fn strangers_share_few_tries_and_cannot_use_up_the_owners() {
    let guards = MemoryStore::new();
    let owner = limits("anna", "home");
    VirtualClock::at(NOW).run(owner.remember(&guards, NOW));

    assert_eq!(tries(&guards, &limits("anna", "evil-1"), NOW), 10);
    assert_eq!(tries(&guards, &limits("anna", "evil-2"), NOW), 0, "all strangers share them");
    assert_eq!(tries(&guards, &owner, NOW), 10, "the owner's address has its own");
    assert_eq!(tries(&guards, &limits("ben", "evil-1"), NOW), 10, "every account has its own");
    let later = NOW.plus(Duration::from_mins(6));
    assert_eq!((tries(&guards, &limits("anna", "evil-3"), later), tries(&guards, &owner, later)), (1, 6));
}

#[test]
fn an_answer_does_not_tell_that_the_account_is_used_from_here() {
    let guards = MemoryStore::new();
    let clock = VirtualClock::at(NOW);
    let (owner, stranger) = (limits("anna", "home"), limits("anna", "evil"));
    clock.run(owner.remember(&guards, NOW));
    let answers = |limits: &AccountLimits, later: u64| -> Vec<_> {
        let now = NOW.plus(Duration::from_secs(later));
        let tried = (0..12).map(|_| clock.run(limits.try_password(&guards, now)).map_err(ApiError::from));
        tried.map(|tried| tried.err().map(|error| (error.kind(), error.retry_after()))).collect()
    };
    assert_eq!(answers(&owner, 0), answers(&stranger, 0));
    let refused = Some((ProblemType::TooManyRequests, Some(RETRY_AFTER)));
    for limits in [&owner, &stranger] {
        assert_eq!(answers(limits, 30), vec![refused; 12], "and nothing of when it was tried");
    }
}

#[test]
fn an_address_is_forgotten_after_ninety_days() {
    let guards = MemoryStore::new();
    let owner = limits("anna", "home");
    VirtualClock::at(NOW).run(owner.remember(&guards, NOW));
    let late = NOW.plus(KNOWN_FOR);
    assert_eq!(tries(&guards, &limits("anna", "evil"), late), 10);
    assert_eq!(tries(&guards, &owner, late), 0);
}

#[test]
fn mails_have_a_limit_of_their_own() {
    let guards = MemoryStore::new();
    let clock = VirtualClock::at(NOW);
    let send = |address: &str| clock.run(limits("anna", address).send_mail(&guards, NOW));
    for address in ["a", "b", "c", "d", "e"] {
        send(address).unwrap();
    }
    let refused = send("f").unwrap_err();
    let refused = ApiError::from(refused);
    assert_eq!((refused.kind(), refused.retry_after()), (ProblemType::TooManyRequests, Some(Duration::from_mins(12))));
    assert_eq!(tries(&guards, &limits("anna", "a"), NOW), 10);
}

#[test]
fn the_case_of_the_address_makes_no_difference_and_no_address_shows() {
    let of = |email: &str| AccountLimits::of(&email.parse().unwrap(), &Request::default());
    assert_eq!(of("Anna@Example.com"), of("anna@example.com"));
    assert_ne!(of("anna@example.com"), of("anna@example.org"));
    assert!(!format!("{:?}", of("anna@example.com")).contains("anna"));
}
