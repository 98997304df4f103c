//! Events about accounts: published from the identity table's stream, and mailed.

use std::sync::{Arc, Mutex};

use domain::{
    Account, AccountChange, AccountEvent, AccountId, ApiKey, Link, LinkKind, MailEffect, MailEffectId, MailKind,
    MailSubject, Role, Sending, TokenHash,
};
use events::Event;
use resilience::Clock as _;
use sandbox::FaultKind;
use serde_json::Value;
use store::{Accounts as _, ApiKeys as _, MailEffects as _};
use telemetry::JsonLogs;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::world::{World, cases, link_keys, sample};
use super::{Bus, failed, fault, send};

/// As in the samples: a customer who has not shown their address yet, with a link to do so and an old one to reset a
/// password, and an admin with a key.
fn world() -> World {
    let world = World::with_paid_order();
    let (now, day) = (world.clock.now(), std::time::Duration::from_hours(24));
    let customer = account("cus_00000000000000000000000000000001", Role::Customer, &world);
    let link = |number: u8, kind, expires_at| Link {
        id: format!("lnk_{number:032}").parse().unwrap(),
        kind,
        account: customer.id,
        since: customer.sessions_since,
        expires_at,
    };
    let links = [link(1, LinkKind::VerifyEmail, now.plus(day)), link(2, LinkKind::ResetPassword, now)];
    for (link, after) in links.into_iter().zip([Some(customer.clone()), None]) {
        world.change(&AccountChange { before: None, after, events: vec![], link: Some(link), uses: None });
    }
    let admin = account("usr_00000000000000000000000000000002", Role::Admin, &world);
    let AccountId::User(created_by) = admin.id else { panic!("no admin") };
    world.change(&AccountChange { before: None, after: Some(admin), events: vec![], link: None, uses: None });
    let key = ApiKey {
        id: "key_00000000000000000000000000000003".parse().unwrap(),
        secret: TokenHash("00".into()),
        name: "reporting".into(),
        scopes: "orders:read".parse().unwrap(),
        customer: "cus_00000000000000000000000000000004".parse().unwrap(),
        created_by,
        created_at: now,
        expires_at: now.plus(day),
        revoked_at: None,
        revoked_by: None,
        last_used_at: None,
        noticed_days: None,
        version: 1,
    };
    world.clock.run(world.store.save_api_keys(&[key], &[])).unwrap();
    world
}

fn account(id: &str, role: Role, world: &World) -> Account {
    let now = world.clock.now();
    Account {
        id: id.parse().unwrap(),
        role,
        email: format!("{role:?}@example.com").to_lowercase().parse().unwrap(),
        email_verified_at: (role != Role::Customer).then_some(now),
        password: None,
        identities: vec![],
        sessions_since: now,
        disabled_at: None,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn event(case: &Value) -> AccountEvent {
    let body = case["Records"][0]["body"].as_str();
    Event::read(body).unwrap().try_into().unwrap()
}

fn stored(world: &World, kind: MailKind, event: &AccountEvent) -> Option<MailEffect> {
    let id = MailEffectId { subject: MailSubject::Account(event.account_id), kind, event_id: event.event_id };
    world.clock.run(world.store.mail(id)).unwrap()
}

/// The last mail that SendGrid took, as it was sent.
fn mailed(world: &World) -> Value {
    let mails = serde_json::to_value(world.sandbox.lock().sendgrid.mails()).unwrap();
    mails.as_array().unwrap().last().unwrap().clone()
}

#[test]
fn every_mail_sample_about_an_account_sends_what_it_must() {
    for (case, mails) in [
        ("account-registered", 1),
        ("account-gone", 0),
        ("password-reset-expired", 0),
        ("password-changed-twice", 1),
        ("provider-linked", 1),
        ("api-key-expiring", 1),
    ] {
        let world = world();
        for _ in 0..2 {
            assert_eq!((failed(&send(&world, sample("send-email", case))), world.mails()), (0, mails), "{case}");
        }
    }
    assert_eq!(cases("send-email").len(), 9);
}

#[test]
fn the_mailed_link_is_the_accounts_own_and_goes_to_its_address() {
    let world = world();
    send(&world, sample("send-email", "account-registered"));
    let mail = mailed(&world).to_string();
    let token = mail.split("/verify-email#token=").nth(1).unwrap();
    let token: String = token.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).collect();
    let id = link_keys().verify(LinkKind::VerifyEmail, &token).expect("one of ours");
    let link = world.clock.run(world.store.link(id)).unwrap().expect("stored");
    assert!(
        link.account.to_string() == "cus_00000000000000000000000000000001" && mail.contains("customer@example.com")
    );
}

#[test]
fn a_link_is_not_mailed_once_its_account_is_verified() {
    let (world, case) = (world(), sample("send-email", "account-registered"));
    let before = world.clock.run(world.store.account(event(&case).account_id)).unwrap().unwrap();
    let verified = Account { email_verified_at: Some(world.clock.now()), version: 2, ..before.clone() };
    let used = event(&case).link_id;
    world.change(&AccountChange {
        before: Some(before),
        after: Some(verified),
        events: vec![],
        link: None,
        uses: used,
    });
    assert_eq!((failed(&send(&world, case.clone())), world.mails()), (0, 0), "settled without sending");
    assert_eq!(stored(&world, MailKind::VerifyEmail, &event(&case)), None);
}

#[test]
fn an_accounts_mail_whose_answer_was_lost_waits_for_evidence_like_any_other() {
    let (world, case) = (world(), sample("send-email", "account-registered"));
    fault(&world, FaultKind::AnswerLost { millis: 0 }, 1);
    assert_eq!((failed(&send(&world, case.clone())), world.mails()), (1, 1));
    let effect = || stored(&world, MailKind::VerifyEmail, &event(&case)).unwrap();
    assert!(matches!(effect().sending, Sending::Unknown { .. }));
    world.clock.advance(std::time::Duration::from_mins(4));
    assert_eq!((failed(&send(&world, case.clone())), world.mails()), (1, 1), "not yet");
    let known = effect().reported(&[(domain::Delivery::Processed, world.clock.now())]).unwrap();
    world.clock.run(world.store.save_mail(&known)).unwrap();
    world.clock.advance(std::time::Duration::from_mins(10));
    assert_eq!((failed(&send(&world, case.clone())), world.mails()), (0, 1), "SendGrid had it");
}

/// What a batch of the identity table's stream comes to: published types, dead letters, log lines.
fn relayed(case: &str) -> (Vec<&'static str>, Vec<(String, String)>, String) {
    let (world, bus, lines) = (World::with_paid_order(), Bus::default(), Arc::new(Mutex::new(Vec::new())));
    let sink = lines.clone();
    let write = move |line: &[u8]| sink.lock().unwrap().extend_from_slice(line);
    let logs = Registry::default().with(JsonLogs::new(LevelFilter::TRACE, Some("account-stream"), write));
    let following = testkit::follow(logs);
    let env = world.env_with_bus(bus.clone());
    let response = world.clock.run(accounts::account_stream::handle(&env, &sample("account-stream", case)));
    drop(following);
    assert!(response.batch_item_failures.is_empty());
    let types = bus.published.borrow().iter().map(Event::event_type).collect();
    let lines = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    (types, bus.dead.take(), lines)
}

#[test]
fn the_identity_tables_stream_publishes_events_and_nothing_else() {
    let (types, dead, lines) = relayed("registered");
    assert_eq!((types, dead), (vec!["account.registered"], vec![]));
    assert!(lines.contains("event published") && lines.contains("cus_00000000000000000000000000000001"), "{lines}");
    assert!(!lines.contains("anna@") && !lines.contains("argon2"), "{lines}");
}

#[test]
fn of_a_poison_record_of_the_identity_table_only_its_place_is_kept() {
    let (types, dead, lines) = relayed("poison-between-events");
    assert_eq!(types, ["account.registered", "account.password_changed"], "the shard goes on");
    let letters: Vec<Value> = dead.iter().map(|(content, _)| serde_json::from_str(content).unwrap()).collect();
    assert_eq!(letters[0]["dynamodb"]["Keys"]["pk"]["S"], "events#cus_00000000000000000000000000000001");
    assert_eq!((letters[1]["eventID"].as_str(), &letters[1]["dynamodb"]["Keys"]), (Some("sample103"), &Value::Null));
    assert_eq!(
        dead.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>(),
        ["not an event of this table, at column 28", "not a stream record"]
    );
    assert!(!format!("{dead:?} {lines}").contains("anna@"), "{dead:?} {lines}");
    assert_eq!(cases("account-stream").len(), 2);
}
