//! What a sandbox starts with.

use serde::{Deserialize, Serialize};

use crate::{deliveries::RetrySchedule, oidc, sendgrid, sheets, stripe};

/// Keys, webhook endpoints and schedules of all providers. Read from JSON by the server; every field has a default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Fixes every random choice: ids, faults, delays. A server that outlives its data wants a fresh one at each start.
    pub seed: u64,
    /// Origins of pages that may call the server, beside its own: `http://localhost:5173`.
    pub allowed_origins: Vec<String>,
    /// When webhooks are tried again.
    pub retries: RetrySchedule,
    /// Stripe's side.
    pub stripe: stripe::Settings,
    /// SendGrid's side.
    pub sendgrid: sendgrid::Settings,
    /// Google's side.
    pub sheets: sheets::Settings,
    /// The OpenID provider's side.
    pub oidc: oidc::Settings,
}
