//! The mailbox page: the mails as the customer sees them.

use askama::Template;
use bytes::Bytes;
use http::Response;

use super::mail::{Filter, Mail};
use super::request::Address;
use crate::answer;

/// The page lists no more mails than these, the newest; the JSON has them all.
const MAX_LISTED: usize = 200;

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage<'a> {
    mails: Vec<&'a Mail>,
    /// How many there are, the ones that are not listed included.
    all: usize,
    shown: Option<&'a Mail>,
    missing: bool,
}

/// The list, newest first, with one mail open: the asked one, else the newest.
pub fn mailbox(mails: &[Mail], id: Option<&str>, query: &str) -> Response<Bytes> {
    let filter = Filter::from_query(query);
    let listed: Vec<&Mail> = mails.iter().rev().filter(|mail| filter.admits(mail)).take(MAX_LISTED).collect();
    let shown = match id {
        Some(id) => mails.iter().find(|mail| mail.id == id),
        None => listed.first().copied(),
    };
    let page = MailboxPage { mails: listed, all: mails.len(), shown, missing: id.is_some() && shown.is_none() };
    match page.render() {
        Ok(html) => answer::html(html),
        Err(error) => answer::problem(500, &error.to_string()),
    }
}

impl Mail {
    /// The time of the list, without milliseconds.
    fn time(&self) -> String {
        self.accepted_at.to_string().replace('T', " ").split('.').next().unwrap_or_default().to_owned()
    }

    fn to_line(&self) -> String {
        line(&self.to)
    }

    fn cc_line(&self) -> String {
        line(&self.cc)
    }

    /// What the open mail's events were, in the order they were made.
    fn history(&self) -> Vec<(&str, &str)> {
        self.events
            .iter()
            .map(|event| {
                let field = |key: &str| event.get(key).and_then(|value| value.as_str()).unwrap_or_default();
                (field("event"), field("email"))
            })
            .collect()
    }
}

impl Address {
    fn line(&self) -> String {
        match &self.name {
            Some(name) if !name.is_empty() => format!("{name} <{}>", self.email),
            _ => self.email.clone(),
        }
    }
}

fn line(addresses: &[Address]) -> String {
    addresses.iter().map(Address::line).collect::<Vec<_>>().join(", ")
}
