//! Mail effects: one claim wins, and each state is read as it was written.

use std::time::Duration;

use domain::{
    Delivery, EventId, MailClaim, MailEffect, MailEffectId, MailKind, MailPatience, MailSubject, OrderId, Sending,
    Timestamp,
};
use futures::future::join_all;
use serde_json::json;
use store::{MailEffects, StoreError};
use uuid::Uuid;

use crate::fixtures::{at, order_id};
use crate::promises;
use crate::sides::{Stores, dynamo, run};

const PATIENCE: MailPatience = MailPatience { lease: Duration::from_mins(1), evidence: Duration::from_mins(5) };

fn id(order: OrderId, kind: MailKind) -> MailEffectId {
    MailEffectId { subject: MailSubject::Order(order), kind, event_id: EventId::derived(order, 2, 0) }
}

fn confirmation() -> MailEffectId {
    id(order_id(1), MailKind::OrderConfirmation)
}

pub fn claim(stored: Option<&MailEffect>, id: MailEffectId, owner: u128, now: Timestamp) -> MailEffect {
    match MailEffect::claim(stored, id, Uuid::from_u128(owner), "corr", PATIENCE, now) {
        MailClaim::Send(effect) => effect,
        other => panic!("{other:?}"),
    }
}

async fn of_many_claims_of_a_mail_one_is_stored<O, C>(stores: &Stores<O, C, impl MailEffects>) {
    assert_eq!(stores.effects.mail(confirmation()).await.unwrap(), None);
    let claims: Vec<_> = (0..10).map(|owner| claim(None, confirmation(), owner, at(0))).collect();
    let saved = join_all(claims.iter().map(|claim| stores.effects.save_mail(claim))).await;
    assert_eq!(saved.iter().filter(|saved| saved.is_ok()).count(), 1);
    assert_eq!(saved.iter().filter(|saved| matches!(saved, Err(StoreError::Conflict))).count(), 9);
    let winner = saved.iter().position(Result::is_ok).unwrap();
    assert_eq!(stores.effects.mail(confirmation()).await.unwrap().as_ref(), Some(&claims[winner]));
}

async fn every_state_of_a_mail_is_read_as_it_was_written<O, C>(stores: &Stores<O, C, impl MailEffects>) {
    let mut mail = claim(None, confirmation(), 1, at(0));
    stores.effects.save_mail(&mail).await.unwrap();
    for sending in [
        Sending::Unknown { since: at(5) },
        Sending::Free,
        Sending::Sent { message_id: Some("14c5d75ce93".into()), at: at(7) },
        Sending::Sent { message_id: None, at: at(8) },
        Sending::Refused { reason: "bad address".into(), at: at(9) },
        Sending::Withheld { at: at(9) },
    ] {
        mail = MailEffect { sending, version: mail.version + 1, delivery: Some(Delivery::Opened), ..mail };
        stores.effects.save_mail(&mail).await.unwrap();
        assert_eq!(stores.effects.mail(mail.id).await.unwrap(), Some(mail.clone()));
    }
}

async fn a_mail_is_only_written_on_the_version_before<O, C>(stores: &Stores<O, C, impl MailEffects>) {
    let claimed = claim(None, confirmation(), 1, at(0));
    let second = claimed.ended(Sending::Free).unwrap();
    assert!(matches!(stores.effects.save_mail(&second).await, Err(StoreError::Conflict)));
    stores.effects.save_mail(&claimed).await.unwrap();
    stores.effects.save_mail(&second).await.unwrap();
    for stale in [&claimed, &second] {
        assert!(matches!(stores.effects.save_mail(stale).await, Err(StoreError::Conflict)));
    }
    assert_eq!(stores.effects.mail(confirmation()).await.unwrap(), Some(second));
}

async fn the_mails_about_an_order_are_its_own<O, C>(stores: &Stores<O, C, impl MailEffects>) {
    let kinds = [MailKind::OrderConfirmation, MailKind::OrderCancelled, MailKind::OrderRefunded];
    for kind in kinds {
        stores.effects.save_mail(&claim(None, id(order_id(1), kind), 1, at(0))).await.unwrap();
    }
    stores.effects.save_mail(&claim(None, id(order_id(2), kinds[0]), 1, at(0))).await.unwrap();
    let about = stores.effects.mails_about(order_id(1)).await.unwrap();
    assert_eq!(about.iter().map(|mail| mail.id).collect::<Vec<_>>(), kinds.map(|kind| id(order_id(1), kind)));
    assert_eq!(stores.effects.mails_about(order_id(3)).await.unwrap(), []);
}

async fn mails_about_accounts_are_kept_beside_those_about_orders<O, C>(stores: &Stores<O, C, impl MailEffects>) {
    let account = "cus_00000000000000000000000000000001".parse().unwrap();
    let id = MailEffectId { subject: MailSubject::Account(account), kind: MailKind::VerifyEmail, ..confirmation() };
    let claimed = claim(None, id, 1, at(0));
    stores.effects.save_mail(&claimed).await.unwrap();
    assert_eq!(stores.effects.mail(id).await.unwrap(), Some(claimed));
    assert_eq!(stores.effects.mail(MailEffectId { kind: MailKind::ResetPassword, ..id }).await.unwrap(), None);
    assert_eq!(stores.effects.mails_about(order_id(1)).await.unwrap(), []);
}

/// Items in the former format: a mail was about an order, and named it differently.
#[test]
fn a_mail_that_was_stored_when_all_were_about_orders_is_still_read() {
    run(async {
        let side = dynamo().await;
        let text = |text: String| json!({ "S": text });
        let id = json!({ "M": {
            "order_id": text(order_id(1).to_string()), "kind": text("order_confirmation".into()),
            "event_id": text(confirmation().event_id.to_string()),
        } });
        let sk = format!("mail#order_confirmation#{}", confirmation().event_id);
        let item = json!({
            "pk": text(order_id(1).to_string()), "sk": text(sk), "id": id, "doubts": { "N": "0" },
            "version": { "N": "2" }, "correlation_id": text("corr".into()),
            "sending": { "M": { "state": text("free".into()) } },
        });
        side.local.ask("PutItem", json!({ "TableName": "effects", "Item": item }));
        let found = side.stores.effects.mail(confirmation()).await.unwrap().unwrap();
        assert_eq!((found.id, found.sending, found.version), (confirmation(), Sending::Free, 2));
    });
}

promises! {
    of_many_claims_of_a_mail_one_is_stored,
    every_state_of_a_mail_is_read_as_it_was_written,
    a_mail_is_only_written_on_the_version_before,
    the_mails_about_an_order_are_its_own,
    mails_about_accounts_are_kept_beside_those_about_orders,
}
