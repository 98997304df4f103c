use api::{ApiError, ProblemType};
use domain::{AccountId, CustomerId, Role};
use http::header;
use resilience::{SeededIds, VirtualClock};
use store::MemoryStore;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn limits(account: &str, address: &str) -> AccountLimits {
    AccountLimits { account: account.to_owned(), address: address.to_owned() }
}

/// Tries until it is refused, at most a hundred times.
fn tries(guards: &MemoryStore, limits: &AccountLimits, now: Timestamp) -> usize {
    tries_by(guards, limits, None, now)
}

fn tries_by(guards: &MemoryStore, limits: &AccountLimits, device: Option<Device>, now: Timestamp) -> usize {
    let clock = VirtualClock::at(now);
    let is_let = |_: &usize| clock.run(limits.try_password(guards, device, now)).is_ok();
    (0..100).take_while(is_let).count()
}

/// A browser that has signed in to the account with this email address.
fn browser(ids: &SeededIds) -> Option<Device> {
    let keys = serde_json::from_str(r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="]}"#).unwrap();
    let email = "anna@example.com".parse().unwrap();
    let mut request = Request::default();
    let cookie = Device::cookie(&email, &keys, ids, NOW);
    request.headers_mut().insert(header::COOKIE, cookie.split(';').next().unwrap().parse().unwrap());
    Device::of(&request, &email, &keys, NOW)
}

fn account(sessions_since: Timestamp) -> Account {
    Account {
        id: AccountId::Customer(CustomerId::from_uuid(Uuid::from_u128(1))),
        role: Role::Customer,
        email: "anna@example.com".parse().unwrap(),
        email_verified_at: Some(NOW),
        password: None,
        identities: vec![],
        sessions_since,
        disabled_at: None,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
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
fn neighbours_and_strangers_cannot_use_up_the_tries_of_the_owners_browser() {
    let (guards, ids) = (MemoryStore::new(), SeededIds::new(1));
    let (home, evil) = (limits("anna", "home"), limits("anna", "evil"));
    VirtualClock::at(NOW).run(home.remember(&guards, NOW));
    assert_eq!((tries(&guards, &home, NOW), tries(&guards, &evil, NOW)), (10, 10), "a neighbour's, a stranger's");

    let (laptop, phone) = (browser(&ids), browser(&ids));
    assert!(laptop.is_some() && laptop != phone);
    assert_eq!(tries_by(&guards, &home, laptop, NOW), 10);
    assert_eq!(tries_by(&guards, &evil, phone, NOW), 10, "each browser has its own, wherever it is");
    let clock = VirtualClock::at(NOW);
    let confirmed = (0..100).take_while(|_| clock.run(home.confirm_password(&guards, NOW)).is_ok());
    assert_eq!(confirmed.count(), 10, "and so has whoever is signed in");
}

#[test]
fn who_signs_in_has_not_guessed() {
    let (guards, clock, ids) = (MemoryStore::new(), VirtualClock::at(NOW), SeededIds::new(1));
    let home = limits("anna", "home");
    for device in [None, browser(&ids)] {
        for _ in 0..30 {
            let password_try = clock.run(home.try_password(&guards, device, NOW)).unwrap();
            clock.run(home.signed_in(&guards, password_try, NOW));
        }
        assert_eq!(tries_by(&guards, &home, device, NOW), 10, "{device:?}");
    }
    let confirm = || clock.run(home.confirm_password(&guards, NOW)).unwrap();
    (0..30).for_each(|_| clock.run(confirm().give_back(&guards, NOW)));
}

#[test]
fn an_answer_does_not_tell_that_the_account_is_used_from_here() {
    let guards = MemoryStore::new();
    let clock = VirtualClock::at(NOW);
    let (owner, stranger, browser) = (limits("anna", "home"), limits("anna", "evil"), browser(&SeededIds::new(1)));
    clock.run(owner.remember(&guards, NOW));
    let answers = |limits: &AccountLimits, device: Option<Device>, later: u64| -> Vec<_> {
        let now = NOW.plus(Duration::from_secs(later));
        let tried = (0..12).map(|_| clock.run(limits.try_password(&guards, device, now)).map_err(ApiError::from));
        tried.map(|tried| tried.err().map(|error| (error.kind(), error.retry_after()))).collect()
    };
    let strangers = answers(&stranger, None, 0);
    assert_eq!((&answers(&owner, None, 0), &answers(&owner, browser, 0)), (&strangers, &strangers));
    let refused = Some((ProblemType::TooManyRequests, Some(RETRY_AFTER)));
    for (limits, device) in [(&owner, None), (&owner, browser), (&stranger, None)] {
        assert_eq!(answers(limits, device, 30), vec![refused; 12], "and nothing of when it was tried");
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
fn whoever_asks_for_links_the_owner_has_one_that_is_good() {
    let (guards, clock) = (MemoryStore::new(), VirtualClock::at(NOW));
    let anna = limits("anna", "a");
    for _ in 0..5 {
        clock.run(anna.send_mail(&guards, NOW)).unwrap();
    }
    let mails = |account: Option<&Account>, seconds: u64| {
        let now = NOW.plus(Duration::from_secs(seconds));
        clock.run(anna.mail_reset(&guards, account, now)).unwrap()
    };
    // Asked for each second of a day: no mailbox is flooded, and the last link is never old.
    let account = account(NOW);
    let sent: Vec<u64> = (0..86_400).filter(|second| mails(Some(&account), *second)).collect();
    assert_eq!(sent.len(), 5 + 86_399 / 720);
    let pauses = sent.windows(2).map(|pair| pair[1] - pair[0]);
    assert_eq!(pauses.max(), Some(720), "seconds; a link is good for {}", domain::RESET_LIFETIME.as_secs());
    let changed = Account { sessions_since: NOW.plus(Duration::from_secs(1)), ..account.clone() };
    assert!(!mails(Some(&account), 86_399) && mails(None, 86_399));
    assert!(mails(Some(&changed), 86_399), "the links ended with the password");
}

#[test]
fn the_case_of_the_address_makes_no_difference_and_no_address_shows() {
    let of = |email: &str| AccountLimits::of(&email.parse().unwrap(), &Request::default());
    assert_eq!(of("Anna@Example.com"), of("anna@example.com"));
    assert_ne!(of("anna@example.com"), of("anna@example.org"));
    assert!(!format!("{:?}", of("anna@example.com")).contains("anna"));
}
