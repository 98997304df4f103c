use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn command_context() -> CommandContext<'static> {
    CommandContext {
        event: EventId::from_uuid(Uuid::from_u128(1)),
        link: link_id(2),
        correlation_id: "request-1",
        now: NOW,
    }
}

fn link_id(number: u128) -> LinkId {
    LinkId::from_uuid(Uuid::from_u128(number))
}

fn customer(number: u128) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(number))
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash(text.to_owned())
}

fn wanted() -> Registration {
    Registration { id: customer(3), email: "anna@example.com".parse().unwrap(), password: hash("new") }
}

fn unverified() -> Account {
    Account { version: 4, ..Account::unverified(Registration { password: hash("old"), ..wanted() }, at(-10)) }
}

fn verified() -> Account {
    Account { email_verified_at: Some(at(-5)), ..unverified() }
}

fn disabled() -> Account {
    Account { disabled_at: Some(at(-1)), ..verified() }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW.seconds() + seconds)
}

fn link(kind: LinkKind, account: u128, expires_at: Timestamp) -> Link {
    let (account, since) = (AccountId::Customer(customer(account)), unverified().sessions_since);
    Link { id: link_id(9), kind, account, since, expires_at }
}

/// What every change must be: the next version of the former state, with events about its own account.
#[track_caller]
fn is_whole(change: &AccountChange) {
    let (before, after) = (change.before.as_ref(), change.after.as_ref().unwrap());
    assert_eq!(after.version, before.map_or(1, |before| before.version + 1));
    assert_eq!(after.updated_at, NOW);
    if let Some(before) = before {
        assert_eq!((after.id, after.created_at, &after.email), (before.id, before.created_at, &before.email));
    }
    for event in &change.events {
        assert_eq!((event.account_id, event.at, event.link_id), (after.id, NOW, change.link.as_ref().map(|it| it.id)));
    }
}

fn told(change: &AccountChange) -> Vec<AccountEventType> {
    change.events.iter().map(|event| event.event_type).collect()
}

#[test]
fn a_new_address_gets_an_account_that_waits_and_a_link_for_a_day() {
    let change = Account::register(None, wanted(), &command_context());
    is_whole(&change);
    let account = change.after.as_ref().unwrap();
    assert_eq!((account.email_verified_at, account.password.as_ref()), (None, Some(&hash("new"))));
    assert_eq!(told(&change), [AccountEventType::Registered]);
    let link = change.link.unwrap();
    assert_eq!((link.kind, link.account, link.expires_at), (LinkKind::VerifyEmail, account.id, at(86_400)));
}

#[test]
fn an_address_that_waits_is_registered_anew_with_the_password_of_now() {
    let change = Account::register(Some(unverified()), wanted(), &command_context());
    is_whole(&change);
    assert_eq!(change.after.as_ref().unwrap().password, Some(hash("new")));
    assert_eq!((told(&change), change.link.is_some()), (vec![AccountEventType::Registered], true));
}

#[test]
fn an_address_in_use_keeps_everything_and_its_owner_is_told() {
    let change = Account::register(Some(verified()), wanted(), &command_context());
    is_whole(&change);
    let after = change.after.clone().unwrap();
    assert_eq!(after, Account { version: after.version, updated_at: NOW, ..verified() });
    assert_eq!((told(&change), change.link), (vec![AccountEventType::RegistrationRepeated], None));
}

#[test]
fn who_signs_in_has_the_password_and_the_address() {
    use SignInRefused::{EmailNotVerified, InvalidCredentials};
    let (waits, in_use, disabled) = (unverified(), verified(), disabled());
    let disabled_before = Account { email_verified_at: None, ..disabled.clone() };
    for (found, fits, refused) in [
        (None, false, Some(InvalidCredentials)),
        (None, true, Some(InvalidCredentials)),
        (Some(&waits), false, Some(InvalidCredentials)),
        (Some(&in_use), false, Some(InvalidCredentials)),
        (Some(&waits), true, Some(EmailNotVerified)),
        (Some(&in_use), true, None),
        (Some(&disabled), true, Some(InvalidCredentials)),
        (Some(&disabled_before), true, Some(InvalidCredentials)),
    ] {
        assert_eq!(Account::sign_in(found, fits).err(), refused, "{:?} {fits}", found.map(|it| it.email_verified_at));
    }
}

#[test]
fn the_mails_link_verifies_the_address_and_is_used_up() {
    let change = unverified().verify_email(&link(LinkKind::VerifyEmail, 3, at(1)), NOW).unwrap();
    is_whole(&change);
    assert_eq!(change.after.as_ref().unwrap().email_verified_at, Some(NOW));
    assert_eq!((change.uses, told(&change)), (Some(link_id(9)), vec![]));

    let again = verified().verify_email(&link(LinkKind::VerifyEmail, 3, at(1)), NOW).unwrap();
    assert_eq!(again.after.unwrap().email_verified_at, verified().email_verified_at, "when it was first shown");
}

#[test]
fn a_link_is_good_for_its_kind_its_account_and_its_time() {
    let (verify, reset) = (LinkKind::VerifyEmail, LinkKind::ResetPassword);
    for (kind, account, expires_at) in [(reset, 3, at(1)), (verify, 4, at(1)), (verify, 3, NOW), (verify, 3, at(-1))] {
        assert_eq!(unverified().verify_email(&link(kind, account, expires_at), NOW), Err(LinkRefused));
    }
    for (kind, account, expires_at) in [(verify, 3, at(1)), (reset, 4, at(1)), (reset, 3, NOW)] {
        let reset = verified().reset_password(&link(kind, account, expires_at), hash("x"), &command_context());
        assert_eq!(reset, Err(LinkRefused));
    }
}

#[test]
fn a_link_ends_with_the_password_that_it_was_made_for() {
    let account = verified();
    let links = [account.request_reset(&command_context()), account.request_reset(&command_context())];
    let [first, second] = links.map(|change| change.link.unwrap());
    let reset = |account: &Account, link: &Link| account.reset_password(link, hash("new"), &command_context());
    let after_reset = reset(&account, &first).unwrap().after.unwrap();
    let after_change = account.change_password(hash("new"), &command_context()).after.unwrap();
    for changed in [after_reset, after_change] {
        assert_eq!(reset(&changed, &second), Err(LinkRefused));
        let fresh = changed.request_reset(&command_context()).link;
        assert!(fresh.is_some_and(|fresh| reset(&changed, &fresh).is_ok()));
    }
    let rehashed = account.rehash(hash("better"), NOW).after.unwrap();
    assert!(reset(&rehashed, &second).is_ok(), "the same password");

    let waits = unverified();
    let verification = waits.send_verification(&command_context()).link.unwrap();
    let reset_meanwhile = reset(&waits, &waits.request_reset(&command_context()).link.unwrap()).unwrap().after.unwrap();
    assert_eq!(reset_meanwhile.verify_email(&verification, NOW), Err(LinkRefused));
}

#[test]
fn no_link_opens_a_disabled_account() {
    let unused = |kind| link(kind, 3, at(1));
    assert_eq!(disabled().verify_email(&unused(LinkKind::VerifyEmail), NOW), Err(LinkRefused));
    let reset = disabled().reset_password(&unused(LinkKind::ResetPassword), hash("x"), &command_context());
    assert_eq!(reset, Err(LinkRefused));
}

#[test]
fn a_reset_sets_the_password_verifies_the_address_and_ends_all_sessions() {
    for account in [unverified(), verified()] {
        let reset = link(LinkKind::ResetPassword, 3, at(1));
        let change = account.reset_password(&reset, hash("new"), &command_context()).unwrap();
        is_whole(&change);
        let after = change.after.clone().unwrap();
        assert_eq!((after.password, after.sessions_since), (Some(hash("new")), NOW));
        assert_eq!(after.email_verified_at, account.email_verified_at.or(Some(NOW)));
        assert_eq!((change.uses, told(&change)), (Some(link_id(9)), vec![AccountEventType::PasswordChanged]));
    }
}

#[test]
fn every_change_of_the_password_is_another_beginning_of_sessions() {
    let ahead = Account { sessions_since: at(60), ..verified() };
    for account in [verified(), Account { sessions_since: NOW, ..verified() }, ahead] {
        let change = account.change_password(hash("new"), &command_context());
        is_whole(&change);
        assert!(change.after.as_ref().unwrap().sessions_since > account.sessions_since);
        assert_eq!(told(&change), [AccountEventType::PasswordChanged]);
    }
    let rehashed = verified().rehash(hash("better"), NOW);
    is_whole(&rehashed);
    let after = rehashed.after.unwrap();
    assert_eq!(after.password, Some(hash("better")));
    assert_eq!(after.sessions_since, verified().sessions_since, "the same password");
}

#[test]
fn links_are_sent_where_they_are_asked_for() {
    let change = verified().request_reset(&command_context());
    is_whole(&change);
    assert_eq!(told(&change), [AccountEventType::PasswordResetRequested]);
    assert_eq!(change.link.unwrap().expires_at, at(3600));
    let change = unverified().send_verification(&command_context());
    is_whole(&change);
    assert_eq!((told(&change), change.link.unwrap().kind), (vec![AccountEventType::Registered], LinkKind::VerifyEmail));
}

#[test]
fn a_link_for_nobody_is_told_to_nobody() {
    let change = Account::no_reset(customer(8), &command_context());
    assert_eq!((&change.before, &change.after, told(&change)), (&None, &None, vec![]));
    assert!(change.link.is_some_and(|link| link.expires_at == at(3600)));
}

#[test]
fn an_erased_account_leaves_nothing_but_its_id() {
    let account = verified();
    let change = account.erase(&command_context());
    assert_eq!((change.before.as_ref(), &change.after, &change.link), (Some(&account), &None, &None));
    assert_eq!((told(&change), change.events[0].account_id), (vec![AccountEventType::Erased], account.id));
    assert!(!serde_json::to_string(&change.events).unwrap().contains("anna"));
}
