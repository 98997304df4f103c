//! SendGrid: sending mail, the text of the mails, and verifying and parsing its event webhook.
//!
//! Sends a mail once and reports the outcome; the owner of the claim decides whether it may be sent again. Must not
//! know how effects are stored.

mod account;
mod alert;
mod delivery;
mod message;
mod outcome;
mod secrets;
mod sendgrid;
mod signature;
mod words;

#[cfg(test)]
mod sandbox_tests;

pub use delivery::{Batch, DeliveryEvent, UnreadableBatch};
pub use message::{Content, ContentError, Shop};
pub use outcome::Outcome;
pub use secrets::{SendGridSecrets, WebhookKeySecret};
pub use sendgrid::{InvalidMailbox, LIVE_URL, Mail, Mailbox, SendGrid};
pub use signature::{InvalidKey, MAX_AGE, MAX_AHEAD, SIGNATURE_HEADER, SignatureError, TIMESTAMP_HEADER, WebhookKey};
