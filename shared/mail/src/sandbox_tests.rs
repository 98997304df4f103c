//! The client and the webhook against the sandbox's SendGrid, in process.

use std::time::Duration;

use crate::{Batch, Content, Mail, Mailbox, Outcome, SIGNATURE_HEADER, SendGrid, TIMESTAMP_HEADER, WebhookKey};
use domain::{Delivery, MailEffectId, Timestamp};
use resilience::{Clock, Deadline, SeededIds, VirtualClock};
use sandbox::{Fault, FaultKind, Provider, SandboxTransport, Settings, Shared};

const EFFECT: &str = "ord_00000000000000000000000000000001/order_confirmation/evt_00000000000000000000000000000002";

struct World {
    sandbox: Shared,
    clock: VirtualClock,
}

impl World {
    fn new() -> Self {
        let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
        Self { sandbox: Shared::new(Settings::default()), clock }
    }

    fn with(fault: FaultKind) -> Self {
        let world = Self::new();
        world.sandbox.lock().faults.add(Fault::new(fault).at(Provider::Sendgrid));
        world
    }

    fn send(&self, api_key: &str, to: &str) -> Outcome {
        self.send_to(api_key, &to.parse().unwrap())
    }

    fn send_to(&self, api_key: &str, to: &Mailbox) -> Outcome {
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        let sendgrid = SendGrid::new(transport, &self.clock, SeededIds::new(1), "http://sandbox.test", api_key);
        let mail = Mail {
            from: &"Shop <orders@shop.example>".parse().unwrap(),
            to,
            content: &Content { subject: "Paid".into(), text: "Thank you".into(), html: "<p>Thank you</p>".into() },
            effect_id: EFFECT.parse().unwrap(),
        };
        self.clock.run(sendgrid.send(&mail, Deadline::after(&self.clock, Duration::from_mins(1))))
    }

    fn mails(&self) -> usize {
        self.sandbox.lock().sendgrid.mails().len()
    }

    /// Lets a minute pass and reads what the event webhook reports in it.
    fn reports(&self) -> Vec<(MailEffectId, Delivery)> {
        let key = WebhookKey::from_base64(&self.sandbox.lock().sendgrid.public_key()).unwrap();
        let mut reports = vec![];
        for _ in 0..60 {
            self.clock.advance(Duration::from_secs(1));
            let (mut sandbox, now) = (self.sandbox.lock(), self.clock.now());
            for delivery in sandbox.due(now) {
                let header = |name: &str| delivery.headers[name].to_str().unwrap();
                key.verify(header(SIGNATURE_HEADER), header(TIMESTAMP_HEADER), &delivery.body, now).unwrap();
                let batch = Batch::parse(&delivery.body).unwrap();
                assert_eq!(batch.skipped, 0);
                reports.extend(batch.events.iter().map(|event| (event.effect_id, event.event)));
                sandbox.delivered(now, delivery.id, Some(204));
            }
        }
        reports
    }
}

#[test]
fn a_mail_arrives_once_and_its_reports_name_our_effect() {
    let world = World::new();
    world.sandbox.lock().sendgrid.behaviour_mut().webhook_url = Some("http://shop.test/webhooks/sendgrid".to_owned());
    assert!(matches!(world.send("SG.sandbox.key", "Zoë <zoe@example.com>"), Outcome::Accepted { message_id: Some(_) }));
    {
        let sandbox = world.sandbox.lock();
        let mail = &sandbox.sendgrid.mails()[0];
        assert_eq!((mail.subject.as_str(), mail.text.as_deref()), ("Paid", Some("Thank you")));
        assert_eq!(mail.custom_args["effect_id"], EFFECT);
    }
    let effect = EFFECT.parse().unwrap();
    assert_eq!(world.reports(), [(effect, Delivery::Processed), (effect, Delivery::Delivered)]);
}

#[test]
fn a_name_like_a_list_of_addresses_arrives() {
    for name in ["Byron, Ada", "Ada; Countess of Lovelace", "\"Ada, \" Byron"] {
        let world = World::new();
        world.sandbox.lock().sendgrid.behaviour_mut().webhook_url =
            Some("http://shop.test/webhooks/sendgrid".to_owned());
        let to = Mailbox { email: "ada@example.com".parse().unwrap(), name: Some(name.to_owned()) };
        assert!(matches!(world.send_to("SG.sandbox.key", &to), Outcome::Accepted { .. }));
        let effect = EFFECT.parse().unwrap();
        assert_eq!(world.reports(), [(effect, Delivery::Processed), (effect, Delivery::Delivered)], "{name}");
    }
}

#[test]
fn a_mail_whose_answer_is_lost_is_sent_once_and_its_outcome_unknown() {
    let world = World::with(FaultKind::AnswerLost { millis: 500 });
    assert_eq!(world.send("SG.sandbox.key", "zoe@example.com"), Outcome::Unknown);
    assert_eq!(world.mails(), 1);
}

#[test]
fn trouble_before_the_mail_was_taken_is_not_unknown() {
    for (fault, expected) in [
        (FaultKind::Unreachable, Outcome::NotSent),
        (FaultKind::Unavailable, Outcome::NotSent),
        (
            FaultKind::TooManyRequests { retry_after: Some(90) },
            Outcome::RateLimited { retry_after: Some(Duration::from_secs(90)) },
        ),
    ] {
        let world = World::with(fault.clone());
        assert_eq!(world.send("SG.sandbox.key", "zoe@example.com"), expected, "{fault:?}");
        assert_eq!(world.mails(), 0);
    }
}

#[test]
fn a_wrong_key_is_an_operators() {
    assert_eq!(World::new().send("SG.wrong", "zoe@example.com"), Outcome::Unauthorized { status: 401 });
}
