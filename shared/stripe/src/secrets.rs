//! What Secrets Manager keeps about Stripe.

use std::fmt;

use serde::Deserialize;

/// Stripe's keys, as their secret's JSON holds them. Nothing of it shows in `Debug`.
#[derive(Clone, Deserialize)]
pub struct StripeSecrets {
    /// `sk_…` or `rk_…`
    pub api_key: String,
    /// `whsec_…`; several while one is rolled.
    pub webhook_secrets: Vec<String>,
}

impl fmt::Debug for StripeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StripeSecrets(…)")
    }
}
