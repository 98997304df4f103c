//! SendGrid's secret as it is stored in Secrets Manager.

use std::fmt;

use serde::Deserialize;

/// `{"api_key":"SG.…","webhook_public_key":"<base64 SPKI DER>"}`
#[derive(Clone, Deserialize)]
pub struct SendGridSecrets {
    /// The API key for sending mail.
    pub api_key: String,
    /// The key that verifies the event webhook's deliveries; see
    /// [`WebhookKey::from_base64`](crate::WebhookKey::from_base64).
    pub webhook_public_key: String,
}

impl fmt::Debug for SendGridSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendGridSecrets(…)")
    }
}
