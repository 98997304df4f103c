//! What a handler can be given: tables, providers, keys, settings, time.
//!
//! A handler names what it needs, `handle(env: &(impl Orders + Stripe), request)`, and can reach nothing else. Lambda's
//! environment (`runtime`) and that of the suite implement each capability once. Must not know where anything comes from.

mod providers;
mod secrets;
mod settings;
mod tables;

use resilience::{Clock, Ids, Transport};

pub use providers::{Email, OpenId, Sheets, Stripe};
pub use secrets::{DeviceKeys, LinkKeys, SendGridWebhook, SessionKeys, StripeWebhook, TokenKeys};
pub use settings::{MailSettings, Origins, PaymentTerms, ReconcileWindow, ReservationLimits};
pub use tables::{
    ApiKeys, Bus, Catalogue, Effects, Guards, Identity, Orders, ProductPages, Queue, ReservationAttempts, product_pages,
};

/// The time, and fresh ids.
pub trait Time {
    /// Tells the time and waits.
    type Clock: Clock + Clone;
    /// Fresh ids, and jitter.
    type Ids: Ids;

    /// Tells the time and waits.
    fn clock(&self) -> &Self::Clock;
    /// Fresh ids, and jitter.
    fn ids(&self) -> &Self::Ids;
}

/// The way to the providers.
pub trait Outside: Time {
    /// Carries requests to them.
    type Transport: Transport;
}

/// Hashing and comparing passwords.
pub trait Passwords {
    /// Hashes and compares.
    fn passwords(&self) -> &passwords::Passwords;
}

/// Everything that a function can be given: what a process has that runs all of them.
pub trait Environment:
    ApiKeys
    + Bus
    + Catalogue
    + DeviceKeys
    + Effects
    + Email
    + Guards
    + Identity
    + LinkKeys
    + OpenId
    + Orders
    + Origins
    + Passwords
    + PaymentTerms
    + ProductPages
    + Queue
    + ReconcileWindow
    + ReservationAttempts
    + ReservationLimits
    + SendGridWebhook
    + SessionKeys
    + Sheets
    + Stripe
    + StripeWebhook
    + TokenKeys
{
}

impl<E> Environment for E where
    E: ApiKeys
        + Bus
        + Catalogue
        + DeviceKeys
        + Effects
        + Email
        + Guards
        + Identity
        + LinkKeys
        + OpenId
        + Orders
        + Origins
        + Passwords
        + PaymentTerms
        + ProductPages
        + Queue
        + ReconcileWindow
        + ReservationAttempts
        + ReservationLimits
        + SendGridWebhook
        + SessionKeys
        + Sheets
        + Stripe
        + StripeWebhook
        + TokenKeys
{
}
