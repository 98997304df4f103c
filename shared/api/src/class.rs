//! Classes of routes, each with its rate limit: the table of all limits is in this file.

use std::time::Duration;

use resilience::Limit;

/// What kind of thing a route does, as far as limits go. Routes of one class share their callers' buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Checks or sets a password, or sends a mail with a link.
    SignIn,
    /// Goes on with a session or ends it.
    Session,
    /// Places orders.
    Order,
    /// Has Stripe do something.
    Pay,
    /// Only reads.
    Read,
    /// Changes something of ours.
    Write,
    /// Hears from a provider; only what is not signed as it should be counts.
    Webhook,
}

/// What happens to a request when the table of the buckets is out of reach.
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
    /// That of the address it comes from: nobody is known to call.
    Address,
}

const fn per_minute(requests: u32) -> Limit {
    Limit { requests, period: Duration::from_mins(1) }
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] =
        [Self::SignIn, Self::Session, Self::Order, Self::Pay, Self::Read, Self::Write, Self::Webhook];

    /// Its name, in buckets and in the `RateLimit` headers.
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

    /// What happens when the buckets are out of reach.
    pub const fn without_table(self) -> WithoutTable {
        match self {
            Self::SignIn => WithoutTable::IsRefused,
            _ => WithoutTable::Passes,
        }
    }
}
