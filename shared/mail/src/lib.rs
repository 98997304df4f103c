//! SendGrid: sending mail, what the mails say, and the verification and reading of its event webhook.
//!
//! Sends once and says what became of it; whether a mail may be sent again is for the one who claimed it to decide.
//! Must not know how effects are stored.

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
pub use secrets::SendGridSecrets;
pub use sendgrid::{InvalidMailbox, LIVE_URL, Mail, Mailbox, SendGrid};
pub use signature::{InvalidKey, MAX_AGE, MAX_AHEAD, SIGNATURE_HEADER, SignatureError, TIMESTAMP_HEADER, WebhookKey};
