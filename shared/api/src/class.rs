//! Classes of routes and their rate limits. This file has the table of all limits.

use std::time::Duration;

use resilience::Limit;

domain::string_enum! {
    /// What kind of thing a route does, as far as limits go. Routes of one class share their callers' buckets; the word
    /// is in those and in the `RateLimit` headers.
    pub enum Class {
        /// Checks or sets a password, or sends a mail with a link.
        SignIn = "sign_in",
        /// Goes on with a session or ends it.
        Session = "session",
        /// Places orders.
        Order = "order",
        /// Has Stripe do something.
        Pay = "pay",
        /// Only reads.
        Read = "read",
        /// Changes something of ours.
        Write = "write",
        /// Hears from a provider; only what is not signed as it should be counts.
        Webhook = "webhook",
    }
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
    /// How many requests may come. An address can stand for a whole office, yet what is only read there is the shop
    /// window: browsers keep that.
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
