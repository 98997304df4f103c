//! Classes of routes and their rate limits. This file has the table of all limits.

use std::time::Duration;

use resilience::Limit;

/// The rate limit class of a route. Routes of one class share their callers' buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Checks or sets a password, or sends a mail with a link.
    SignIn,
    /// Refreshes or ends a session.
    Session,
    /// Places orders.
    Order,
    /// Makes requests to Stripe.
    Pay,
    /// Only reads.
    Read,
    /// Changes something else.
    Write,
    /// Receives a provider's webhook; only requests with an invalid signature count.
    Webhook,
}

/// What happens to a request when the table of the buckets is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutTable {
    /// It passes, and is counted: the shop stays open.
    Passes,
    /// It is refused (503): without a limit, passwords could be guessed.
    IsRefused,
}

/// Whose bucket a request is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The caller's own.
    Principal,
    /// The IP address's, when the caller is not known.
    Address,
}

const fn per_minute(requests: u32) -> Limit {
    Limit { requests, period: Duration::from_mins(1) }
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] =
        [Self::SignIn, Self::Session, Self::Order, Self::Pay, Self::Read, Self::Write, Self::Webhook];

    /// The class's name, in buckets and in the `RateLimit` headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Session => "session",
            Self::Order => "order",
            Self::Pay => "pay",
            Self::Read => "read",
            Self::Write => "write",
            Self::Webhook => "webhook",
        }
    }

    /// The limit. A single address can stand for a whole office; what it reads without a caller is the catalogue, which
    /// browsers cache.
    pub const fn limit(self, subject: Subject) -> Limit {
        match (self, subject) {
            (Self::SignIn | Self::Order | Self::Pay, _) => per_minute(30),
            (Self::Session | Self::Write | Self::Webhook, _) => per_minute(60),
            (Self::Read, Subject::Principal) => per_minute(600),
            (Self::Read, Subject::Address) => per_minute(300),
        }
    }

    /// What happens when the buckets are unavailable.
    pub const fn without_table(self) -> WithoutTable {
        match self {
            Self::SignIn => WithoutTable::IsRefused,
            _ => WithoutTable::Passes,
        }
    }
}
