//! One accepted mail: what the customer sees, and what has been reported about it.

use std::collections::BTreeMap;

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::request::{Address, Personalization, SendRequest};

/// A mail in the mailbox: one per personalization of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mail {
    /// Id in the mailbox.
    pub id: String,
    /// The request's `X-Message-Id`.
    pub message_id: String,
    /// `<x-message-id>.recvd-…`, as events name it.
    pub sg_message_id: String,
    /// When the request was accepted.
    pub accepted_at: Timestamp,
    /// When it is sent, if that is later.
    pub send_at: Option<Timestamp>,
    /// The sender.
    pub from: Address,
    /// The recipients.
    pub to: Vec<Address>,
    /// Those who get a copy.
    pub cc: Vec<Address>,
    /// Those who get a copy that the others do not see.
    pub bcc: Vec<Address>,
    /// Where answers go.
    pub reply_to: Option<Address>,
    /// The subject line, substitutions made.
    pub subject: String,
    /// The text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
    /// Names of the attached files.
    pub attachments: Vec<String>,
    /// The dynamic template, which the stand-in does not render.
    pub template_id: Option<String>,
    /// What the template would be filled with.
    pub dynamic_template_data: Option<Value>,
    /// Categories, repeated in the events.
    pub categories: Vec<String>,
    /// What the sender attached for itself: of the request and of the personalization.
    pub custom_args: BTreeMap<String, String>,
    /// The events made so far, posted or still to be posted, without later copies.
    pub events: Vec<Map<String, Value>>,
}

impl Mail {
    /// The mail of one personalization.
    pub fn compose(
        request: &SendRequest,
        index: usize,
        message_id: &str,
        sender: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let envelope = request.personalizations.get(index)?;
        let part = |mime: &str| {
            let part = request.content.iter().flatten().find(|part| part.mime == mime)?;
            Some(substitute(&part.value, envelope))
        };
        let subject = envelope.subject.as_ref().or(request.subject.as_ref());
        let mut custom_args = request.custom_args.clone();
        custom_args.extend(envelope.custom_args.clone());
        Some(Self {
            id: if index == 0 { message_id.to_owned() } else { format!("{message_id}-{index}") },
            message_id: message_id.to_owned(),
            sg_message_id: format!("{message_id}.recvd-{sender}-1-{:X}-{index}.0", now.seconds()),
            accepted_at: now,
            send_at: envelope.send_at.or(request.send_at).map(Timestamp::from_seconds).filter(|at| *at > now),
            from: envelope.from.clone().or_else(|| request.from.clone()).unwrap_or_default(),
            to: envelope.to.clone(),
            cc: envelope.cc.clone(),
            bcc: envelope.bcc.clone(),
            reply_to: request.reply_to.clone(),
            subject: subject.map(|text| substitute(text, envelope)).unwrap_or_default(),
            text: part("text/plain"),
            html: part("text/html"),
            attachments: request.attachments.iter().map(|file| file.filename.clone()).collect(),
            template_id: request.template_id.clone(),
            dynamic_template_data: envelope.dynamic_template_data.clone(),
            categories: request.categories.clone(),
            custom_args,
            events: Vec::new(),
        })
    }

    /// Every address that gets it.
    pub fn recipients(&self) -> impl Iterator<Item = &Address> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }

    /// The last event that was made, for the list.
    pub fn status(&self) -> &str {
        self.events.last().and_then(|event| event.get("event")?.as_str()).unwrap_or("accepted")
    }
}

/// Legacy substitution tags: each key is replaced wherever it stands.
fn substitute(text: &str, envelope: &Personalization) -> String {
    envelope.substitutions.iter().fold(text.to_owned(), |text, (tag, value)| text.replace(tag.as_str(), value))
}

/// Which mails a listing asks for; an absent filter lets all pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    recipient: Option<String>,
    effect_id: Option<String>,
    subject: Option<String>,
}

impl Filter {
    /// Reads `recipient` (or `to`), `effect_id` and `subject` (a part of it) from a query string.
    pub fn from_query(query: &str) -> Self {
        let mut filter = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "recipient" | "to" => filter.recipient = Some(value.to_lowercase()),
                "effect_id" => filter.effect_id = Some(value.into_owned()),
                "subject" => filter.subject = Some(value.to_lowercase()),
                _ => {}
            }
        }
        filter
    }

    /// Whether a mail passes all filters.
    pub fn admits(&self, mail: &Mail) -> bool {
        let to = |wanted: &String| mail.recipients().any(|address| address.email.to_lowercase() == *wanted);
        let effect = |wanted: &String| mail.custom_args.get("effect_id") == Some(wanted);
        let subject = |wanted: &String| mail.subject.to_lowercase().contains(wanted.as_str());
        self.recipient.as_ref().is_none_or(to)
            && self.effect_id.as_ref().is_none_or(effect)
            && self.subject.as_ref().is_none_or(subject)
    }
}
