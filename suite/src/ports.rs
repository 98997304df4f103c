//! The suite's dependencies, passed in.

use std::time::Duration;

use domain::{PaymentTerms, ReservationLimits};
use settings::FixedSecrets;
use store::{
    Accounts, ApiKeys, Catalogue, JobCheckpoints, KnownAddresses, MailEffects, MemoryStore, Orders, RateLimiter,
    ReservationAttempts, Sessions, SheetRows,
};

use crate::stream::{AccountChanges, ChangeStream, OrderChanges};

/// The repositories, and the streams of changes of their tables.
pub trait Stores {
    /// Orders with their events.
    fn orders(&self) -> &impl Orders;
    /// Products.
    fn catalogue(&self) -> &impl Catalogue;
    /// Mails.
    fn mails(&self) -> &impl MailEffects;
    /// Rows of the sheet.
    fn rows(&self) -> &impl SheetRows;
    /// Accounts with their events.
    fn accounts(&self) -> &impl Accounts;
    /// Sessions, and sign-ins under way.
    fn sessions(&self) -> &impl Sessions;
    /// API keys.
    fn api_keys(&self) -> &impl ApiKeys;
    /// Rate limits, and what is known for a while.
    fn guards(&self) -> &(impl RateLimiter + KnownAddresses + JobCheckpoints);
    /// What customers attempt to reserve.
    fn reservation_attempts(&self) -> &impl ReservationAttempts;
    /// What changed in the orders' table.
    fn changes(&self) -> impl ChangeStream;
    /// What changed in the identity table.
    fn account_changes(&self) -> impl ChangeStream;
}

#[allow(refining_impl_trait, reason = "whoever has a memory store may know it")]
impl Stores for MemoryStore {
    fn orders(&self) -> &Self {
        self
    }

    fn catalogue(&self) -> &Self {
        self
    }

    fn mails(&self) -> &Self {
        self
    }

    fn rows(&self) -> &Self {
        self
    }

    fn accounts(&self) -> &Self {
        self
    }

    fn sessions(&self) -> &Self {
        self
    }

    fn api_keys(&self) -> &Self {
        self
    }

    fn guards(&self) -> &Self {
        self
    }

    fn reservation_attempts(&self) -> &Self {
        self
    }

    fn changes(&self) -> OrderChanges<'_> {
        OrderChanges(self)
    }

    fn account_changes(&self) -> AccountChanges<'_> {
        AccountChanges(self)
    }
}

/// The sides of the seams that a suite is built with.
#[derive(Clone, Debug)]
pub struct Ports<S, T, C, I> {
    /// Repositories.
    pub store: S,
    /// The way to the providers.
    pub transport: T,
    /// The time.
    pub clock: C,
    /// Fresh ids and jitter.
    pub ids: I,
}

/// What functions read from their environment and from Secrets Manager.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Origin of Stripe's API.
    pub stripe_url: String,
    /// Origin of SendGrid's API.
    pub sendgrid_url: String,
    /// Origin of Google's APIs.
    pub sheets_url: String,
    /// The secrets, by the names in [`secrets`](crate::secrets). A text that is set here is taken up as on Lambda.
    pub secrets: FixedSecrets,
    /// Google's service account: read once, as on Lambda.
    pub google: google_sheets::ServiceAccount,
    /// Sender of the mails.
    pub mail_from: mail::Mailbox,
    /// Where the shop's people read of what needs them.
    pub alert_email: mail::Mailbox,
    /// The spreadsheet with the orders.
    pub spreadsheet_id: String,
    /// Its tab.
    pub sheet_tab: String,
    /// Origin of the web app, for links in mails and the way back from an OpenID provider.
    pub public_url: String,
    /// Origin of the API for browsers.
    pub api_public_url: String,
    /// How long orders wait for their money.
    pub payment_terms: PaymentTerms,
    /// What one customer's unpaid orders may hold.
    pub reservation_limits: ReservationLimits,
    /// How long a mail of unknown outcome waits for SendGrid's events.
    pub mail_evidence_wait: Duration,
    /// A factor for every rate limit; 0 turns them off.
    pub rate_limit_scale: u32,
}
