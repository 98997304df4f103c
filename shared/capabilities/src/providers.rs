//! The providers' clients.

use std::sync::Arc;
use std::time::Duration;

use google_sheets::Sheets as SheetsClient;
use mail::{SendGrid, SendGridSecrets};
use oidc::{OpenId as OpenIdClient, Providers};
use settings::SecretError;
use stripe::{Stripe as StripeClient, StripeSecrets};
use telemetry::chain;

use crate::{MailSettings, Outside};

/// The shop's account at Stripe.
pub trait Stripe: Outside {
    /// The keys that the secret holds now.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn stripe_secrets(&self) -> Result<Arc<StripeSecrets>, SecretError>;

    /// A client with these keys; one answer may take as long as `patience`.
    fn stripe_client(
        &self,
        secrets: &StripeSecrets,
        patience: Duration,
    ) -> StripeClient<Self::Transport, Self::Clock, Self::Ids>;

    /// A client with the current keys.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    async fn stripe(
        &self,
        patience: Duration,
    ) -> Result<StripeClient<Self::Transport, Self::Clock, Self::Ids>, SecretError> {
        Ok(self.stripe_client(&*self.stripe_secrets().await?, patience))
    }

    /// A client with the current keys; `None` while they cannot be read: for callers Stripe is down then.
    async fn stripe_unless_down(
        &self,
        patience: Duration,
    ) -> Option<StripeClient<Self::Transport, Self::Clock, Self::Ids>> {
        let failed = |error: &SecretError| tracing::error!(error = %chain(error), "stripe's key cannot be read");
        self.stripe(patience).await.inspect_err(failed).ok()
    }
}

/// The shop's account at SendGrid.
pub trait Email: Outside {
    /// The keys that the secret holds now.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn sendgrid_secrets(&self) -> Result<Arc<SendGridSecrets>, SecretError>;

    /// A client with these keys.
    fn sendgrid(&self, secrets: &SendGridSecrets) -> SendGrid<Self::Transport, Self::Clock, Self::Ids>;

    /// Who sends emails, and where they lead.
    fn mail_settings(&self) -> &MailSettings;
}

/// The spreadsheet with the orders.
pub trait Sheets: Outside {
    /// A client that lives as long as the environment, since its token does.
    ///
    /// # Errors
    ///
    /// When the service account's secret cannot be read.
    async fn sheets(&self) -> Result<&SheetsClient<Self::Transport, Self::Clock, Self::Ids>, SecretError>;

    /// Which spreadsheet it is.
    fn spreadsheet_id(&self) -> &str;
}

/// Signing in with OpenID providers.
pub trait OpenId: Outside {
    /// The providers that the secret names now.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read.
    async fn providers(&self) -> Result<Arc<Providers>, SecretError>;

    /// A client that keeps the providers' documents.
    fn open_id(&self) -> &OpenIdClient<Self::Transport, Self::Clock, Self::Ids>;

    /// Where API and web app are for a browser.
    fn addresses(&self) -> oidc::Addresses;
}
