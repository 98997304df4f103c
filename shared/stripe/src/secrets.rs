//! What Secrets Manager keeps about Stripe.

use std::fmt;

use serde::Deserialize;

/// What the API is called with, as the secret's JSON holds it. Nothing of it shows in `Debug`.
#[derive(Clone, Deserialize)]
pub struct StripeSecrets {
    /// `rk_…` or `sk_…`
    pub api_key: String,
}

/// What Stripe signs webhooks with: a secret of its own, for the one function that receives them.
#[derive(Clone, Deserialize)]
pub struct SigningSecrets {
    /// `whsec_…`; several while one is rolled.
    pub signing_secrets: Vec<String>,
}

impl StripeSecrets {
    /// Whether the key moves real money; `None` if it does not say.
    pub fn livemode(&self) -> Option<bool> {
        let mode = self.api_key.split('_').nth(1)?;
        match mode {
            "live" => Some(true),
            "test" => Some(false),
            _ => None,
        }
    }
}

impl fmt::Debug for StripeSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StripeSecrets(…)")
    }
}

impl fmt::Debug for SigningSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecrets(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whether_it_moves_real_money() {
        let mode = |key: &str| StripeSecrets { api_key: key.to_owned() }.livemode();
        assert_eq!((mode("sk_live_51abc"), mode("rk_live_51abc")), (Some(true), Some(true)));
        assert_eq!((mode("sk_test_51abc"), mode("rk_test_51abc")), (Some(false), Some(false)));
        assert_eq!((mode("sk_org_x"), mode("")), (None, None));
    }
}
