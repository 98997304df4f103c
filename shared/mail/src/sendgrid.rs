//! `POST /v3/mail/send`.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use domain::{EmailAddress, InvalidEmailAddress, MailEffectId, MailSubject};
use http::{Request, header};
use resilience::{Clock, Deadline, Ids, Policy, Transport, TransportError, retry};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::{Content, Outcome};

/// The URL of SendGrid's API.
pub const LIVE_URL: &str = "https://api.sendgrid.com";

/// An email address with a display name. `Debug` hides both.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The address.
    pub email: EmailAddress,
    /// The name, if there is one.
    pub name: Option<String>,
}

/// As SendGrid takes it: the domain in ASCII, and the name in a form that it reads as one name.
impl Serialize for Mailbox {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Recipient<'a> {
            email: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<String>,
        }
        let name = self.name.as_deref().map(display_name).filter(|name| !name.is_empty());
        Recipient { email: &self.email.ascii(), name }.serialize(serializer)
    }
}

/// The name in quotes if it has a comma or a semicolon: SendGrid reads such a name as a list of addresses, and drops the
/// mail after it has answered 202. Its own libraries quote as well
/// (<https://github.com/sendgrid/sendgrid-python/issues/291>). Characters that end a quoted name, or begin an address, are
/// left out.
fn display_name(name: &str) -> String {
    let name: String = name.chars().filter(|char| !r#""\<>"#.contains(*char)).collect();
    let name = name.trim();
    if name.contains([',', ';']) { format!("\"{name}\"") } else { name.to_owned() }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

/// The text is neither `address` nor `Name <address>`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mailbox like `Shop <orders@shop.example>`")]
pub struct InvalidMailbox(#[from] InvalidEmailAddress);

impl FromStr for Mailbox {
    type Err = InvalidMailbox;

    fn from_str(text: &str) -> Result<Self, InvalidMailbox> {
        let (name, email) = match text.trim().strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, email)) => (name.trim().trim_matches('"'), email),
            None => ("", text),
        };
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self { email: email.trim().parse()?, name })
    }
}

impl From<EmailAddress> for Mailbox {
    fn from(email: EmailAddress) -> Self {
        Self { email, name: None }
    }
}

/// A mail to one recipient.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    /// The sender: an address that SendGrid has verified.
    pub from: &'a Mailbox,
    /// The recipient.
    pub to: &'a Mailbox,
    /// The content.
    pub content: &'a Content,
    /// Our id of this effect; the event webhook returns it.
    pub effect_id: MailEffectId,
}

impl Mail<'_> {
    fn body(&self) -> Bytes {
        let mut body = json!({
            "personalizations": [{"to": [self.to]}],
            "from": self.from,
            "subject": self.content.subject,
            "content": [
                {"type": "text/plain", "value": self.content.text},
                {"type": "text/html", "value": self.content.html},
            ],
            "custom_args": {"effect_id": self.effect_id.to_string()},
        });
        if let MailSubject::Account(_) = self.effect_id.subject {
            // A tracked link leads through SendGrid, which would see its secret.
            body["tracking_settings"] = json!({
                "click_tracking": {"enable": false, "enable_text": false}, "open_tracking": {"enable": false},
            });
        }
        Bytes::from(body.to_string())
    }
}

/// A client for sending mail.
pub struct SendGrid<T, C, I> {
    transport: T,
    clock: C,
    ids: I,
    url: String,
    api_key: String,
}

/// `Debug` hides the API key.
impl<T, C, I> fmt::Debug for SendGrid<T, C, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendGrid").field("url", &self.url).finish_non_exhaustive()
    }
}

impl<T: Transport, C: Clock, I: Ids> SendGrid<T, C, I> {
    /// A client for `base_url` (scheme and host, without `/v3`).
    pub fn new(transport: T, clock: C, ids: I, base_url: &str, api_key: impl Into<String>) -> Self {
        let url = format!("{}/v3/mail/send", base_url.trim_end_matches('/'));
        Self { transport, clock, ids, url, api_key: api_key.into() }
    }

    /// Sends the mail, at most once as far as that can be known: only a mail that certainly was not sent is retried, up
    /// to three times before the deadline.
    pub async fn send(&self, mail: &Mail<'_>, deadline: Deadline) -> Outcome {
        let body = mail.body();
        let attempt = async || match self.once(body.clone()).await {
            outcome @ (Outcome::NotSent | Outcome::RateLimited { .. }) => Err(outcome),
            outcome => Ok(outcome),
        };
        let sent = retry(&self.clock, &self.ids, Policy::CALL, deadline, attempt, Outcome::verdict).await;
        sent.unwrap_or_else(|outcome| outcome)
    }

    async fn once(&self, body: Bytes) -> Outcome {
        let request = Request::post(&self.url)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.api_key))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let request = match request {
            Ok(request) => request,
            Err(error) => return Outcome::Refused { reason: error.to_string() },
        };
        match self.transport.send(request).await {
            Ok(response) => Outcome::read(&response, self.clock.now()),
            Err(TransportError::NotSent(_)) => Outcome::NotSent,
            Err(TransportError::OutcomeUnknown(_)) => Outcome::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Timestamp;
    use resilience::{SeededIds, VirtualClock};
    use serde_json::Value;
    use testkit::{ScriptedTransport, Turn};

    use super::*;

    const EFFECT: &str = "ord_00000000000000000000000000000001/order_confirmation/evt_00000000000000000000000000000002";

    /// Runs a conversation with a scripted SendGrid on a clock that starts at 1 790 000 000 and has a minute's time.
    fn converse<R>(
        script: &ScriptedTransport,
        conversation: impl AsyncFnOnce(&SendGrid<&ScriptedTransport, VirtualClock, SeededIds>, Deadline) -> R,
    ) -> R {
        let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
        let deadline = Deadline::at(Timestamp::from_seconds(1_790_000_060));
        let sendgrid = SendGrid::new(script, clock.clone(), SeededIds::new(7), "https://sendgrid.test/", "SG.key");
        clock.run(conversation(&sendgrid, deadline))
    }

    fn send(script: &ScriptedTransport) -> Outcome {
        send_as(script, EFFECT)
    }

    fn send_as(script: &ScriptedTransport, effect: &str) -> Outcome {
        let content = Content { subject: "Paid".to_owned(), text: "Hello".to_owned(), html: "<p>Hello</p>".to_owned() };
        let mail = Mail {
            from: &"Shop <orders@shop.example>".parse().unwrap(),
            to: &"anna@example.com".parse().unwrap(),
            content: &content,
            effect_id: effect.parse().unwrap(),
        };
        converse(script, async |sendgrid, deadline| sendgrid.send(&mail, deadline).await)
    }

    fn status(status: u16) -> Turn {
        Turn::Answer(status, vec![], String::new())
    }

    #[test]
    fn a_mail_is_sent_with_both_parts_and_our_effect_id() {
        let script = ScriptedTransport::new([Turn::Answer(202, vec![("x-message-id", "m-1")], String::new())]);
        assert_eq!(send(&script), Outcome::Accepted { message_id: Some("m-1".to_owned()) });
        let asked = script.asked.borrow();
        assert_eq!(asked[0].uri(), "https://sendgrid.test/v3/mail/send");
        assert_eq!(asked[0].headers()["authorization"], "Bearer SG.key");
        let body: Value = script.body(0);
        let expected = json!({
            "personalizations": [{"to": [{"email": "anna@example.com"}]}],
            "from": {"email": "orders@shop.example", "name": "Shop"},
            "subject": "Paid",
            "content": [{"type": "text/plain", "value": "Hello"}, {"type": "text/html", "value": "<p>Hello</p>"}],
            "custom_args": {"effect_id": EFFECT},
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn links_in_mails_about_accounts_are_not_led_over_sendgrid() {
        let account = EFFECT.replace("ord_", "cus_");
        for (effect, tracking) in [
            (EFFECT, Value::Null),
            (
                account.as_str(),
                json!({
                    "click_tracking": {"enable": false, "enable_text": false}, "open_tracking": {"enable": false},
                }),
            ),
        ] {
            let script = ScriptedTransport::new([status(202)]);
            send_as(&script, effect);
            assert_eq!(script.body(0)["tracking_settings"], tracking, "{effect}");
        }
    }

    #[test]
    fn a_mail_that_may_have_been_sent_is_not_sent_again() {
        for turn in [Turn::Lost, status(500), status(502), status(504)] {
            assert_eq!(send(&ScriptedTransport::new([turn])), Outcome::Unknown);
        }
        assert_eq!(send(&ScriptedTransport::new([Turn::NotSent, Turn::Lost])), Outcome::Unknown);
    }

    #[test]
    fn a_mail_that_was_not_sent_is_tried_three_times() {
        let script = ScriptedTransport::new([status(409), status(503), status(202)]);
        assert_eq!(send(&script), Outcome::Accepted { message_id: None });
        assert_eq!(send(&ScriptedTransport::new([status(429), status(429), Turn::NotSent])), Outcome::NotSent);
    }

    #[test]
    fn a_rate_limit_says_when_it_is_over_one_way_or_the_other() {
        for (header, value) in [("retry-after", "120"), ("x-ratelimit-reset", "1790000120")] {
            let script = ScriptedTransport::new([Turn::Answer(429, vec![(header, value)], String::new())]);
            let expected = Outcome::RateLimited { retry_after: Some(Duration::from_mins(2)) };
            assert_eq!(send(&script), expected, "a wait beyond the deadline is left to the caller");
        }
    }

    #[test]
    fn what_can_never_be_sent_is_told_from_what_an_operator_can_mend() {
        let faults = r#"{"errors":[{"message":"anna@ is no address","field":"personalizations.0.to.0.email"}]}"#;
        let script = ScriptedTransport::new([Turn::Answer(400, vec![], faults.to_owned())]);
        assert_eq!(send(&script), Outcome::Refused { reason: "status 400 personalizations.0.to.0.email".to_owned() });
        assert_eq!(send(&ScriptedTransport::new([status(413)])), Outcome::Refused { reason: "status 413".to_owned() });
        for code in [401, 403] {
            assert_eq!(send(&ScriptedTransport::new([status(code)])), Outcome::Unauthorized { status: code });
        }
    }

    #[test]
    fn mailboxes_are_read_with_and_without_a_name() {
        for (text, name) in [
            ("orders@shop.example", None),
            (" <orders@shop.example> ", None),
            ("The Shop <orders@shop.example>", Some("The Shop")),
            ("\"Shop, The\" <orders@shop.example>", Some("Shop, The")),
        ] {
            let mailbox: Mailbox = text.parse().unwrap();
            assert_eq!((mailbox.email.as_str(), mailbox.name.as_deref()), ("orders@shop.example", name), "{text}");
        }
        for text in ["", "Shop", "Shop <>", "Shop <orders@shop.example> x"] {
            assert!(text.parse::<Mailbox>().is_err(), "{text}");
        }
    }

    #[test]
    fn sendgrid_gets_an_ascii_domain_and_a_name_that_is_one_name() {
        for (name, sent) in [
            ("Ada Byron", "Ada Byron"),
            ("Zoë", "Zoë"),
            ("Dr. Ada O'Neil", "Dr. Ada O'Neil"),
            ("Byron, Ada", r#""Byron, Ada""#),
            ("Ada; Countess", r#""Ada; Countess""#),
            (r#""Ada" \ Byron, Ada"#, r#""Ada  Byron, Ada""#),
            ("Ada <eve@example.com>, Byron", r#""Ada eve@example.com, Byron""#),
        ] {
            let mailbox = Mailbox { email: "ada@MÜNCHEN.de".parse().unwrap(), name: Some(name.to_owned()) };
            let sent = json!({"email": "ada@xn--mnchen-3ya.de", "name": sent});
            assert_eq!(serde_json::to_value(mailbox).unwrap(), sent, "{name}");
        }
        let nameless = Mailbox { email: "ada@example.com".parse().unwrap(), name: Some("\"\"".to_owned()) };
        assert_eq!(serde_json::to_value(nameless).unwrap(), json!({"email": "ada@example.com"}));
    }

    #[test]
    fn secrets_and_addresses_do_not_show() {
        converse(&ScriptedTransport::new([]), async |sendgrid, _| assert!(!format!("{sendgrid:?}").contains("SG.key")));
        let mailbox: Mailbox = "Anna <anna@example.com>".parse().unwrap();
        assert!(!format!("{mailbox:?}").to_lowercase().contains("anna"));
    }
}
