//! SendGrid's secrets as they are stored in Secrets Manager.

use std::fmt;

use serde::Deserialize;

/// `{"api_key":"SG.…"}`
#[derive(Clone, Deserialize)]
pub struct SendGridSecrets {
    /// The API key for sending mail.
    pub api_key: String,
}

/// `{"public_key":"<base64 SPKI DER>"}`: apart from the API key, since the webhook's function sends nothing.
#[derive(Clone, Debug, Deserialize)]
pub struct WebhookKeySecret {
    /// The key that verifies the event webhook's deliveries; see
    /// [`WebhookKey::from_base64`](crate::WebhookKey::from_base64).
    pub public_key: String,
}

impl fmt::Debug for SendGridSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendGridSecrets(…)")
    }
}
