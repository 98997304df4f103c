//! The providers' clients, where the environment says they are.

use std::sync::Arc;
use std::time::Duration;

use capabilities::{Email, MailSettings, OpenId, Sheets, Stripe};
use google_sheets::{DEFAULT_TAB, ServiceAccount, Sheets as SheetsClient};
use mail::{SendGrid, SendGridSecrets};
use oidc::{Addresses, OpenId as OpenIdClient, Providers};
use resilience::{RandomIds, SystemClock};
use settings::{SecretError, SecretSource as _};
use stripe::{Stripe as StripeClient, StripeSecrets};

use crate::Lambda;
use crate::env::{Transport, leak, once};
use crate::fatal::{or_default, required};

/// One answer of SendGrid's or Google's may take so long.
const TIMEOUT: Duration = Duration::from_secs(5);
/// One answer of an OpenID provider's: somebody waits for it.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(3);

impl Stripe for Lambda {
    async fn stripe_secrets(&self) -> Result<Arc<StripeSecrets>, SecretError> {
        self.stripe_keys().await
    }

    fn stripe_client(
        &self,
        secrets: &StripeSecrets,
        patience: Duration,
    ) -> StripeClient<Transport, SystemClock, RandomIds> {
        let url = or_default("STRIPE_API_URL", stripe::LIVE_URL.to_owned());
        StripeClient::new(self.transport(patience), SystemClock, RandomIds, &url, secrets.api_key.as_str())
    }
}

impl Email for Lambda {
    async fn sendgrid_secrets(&self) -> Result<Arc<SendGridSecrets>, SecretError> {
        self.sendgrid_keys().await
    }

    fn sendgrid(&self, secrets: &SendGridSecrets) -> SendGrid<Transport, SystemClock, RandomIds> {
        let url = or_default("SENDGRID_API_URL", mail::LIVE_URL.to_owned());
        SendGrid::new(self.transport(TIMEOUT), SystemClock, RandomIds, &url, secrets.api_key.as_str())
    }

    fn mail_settings(&self) -> &MailSettings {
        once(&self.mail_settings, || MailSettings {
            from: required("MAIL_FROM"),
            alerts_to: required("ALERT_EMAIL"),
            web_app: or_default("PUBLIC_URL", String::new()),
            evidence_wait: Duration::from_secs(or_default("MAIL_EVIDENCE_WAIT_SECONDS", 300)),
        })
    }
}

impl Sheets for Lambda {
    async fn sheets(&self) -> Result<&SheetsClient<Transport, SystemClock, RandomIds>, SecretError> {
        let make = async || {
            let id: String = required("GOOGLE_SECRET_ID");
            let secret = self.secrets_manager().text(&id).await?;
            let account = ServiceAccount::from_json(secret.expose()).map_err(|_| SecretError::Shape { id })?;
            let (url, tab) = (
                or_default("SHEETS_API_URL", google_sheets::LIVE_URL.to_owned()),
                or_default("SHEET_TAB", DEFAULT_TAB.to_owned()),
            );
            let (transport, spreadsheet) = (self.transport(TIMEOUT), self.spreadsheet_id());
            Ok(leak(SheetsClient::new(transport, SystemClock, RandomIds, &url, account, spreadsheet, tab)))
        };
        Ok(*self.sheets.get_or_try_init(make).await?)
    }

    fn spreadsheet_id(&self) -> &str {
        once::<String>(&self.spreadsheet_id, || required("SPREADSHEET_ID"))
    }
}

impl OpenId for Lambda {
    async fn providers(&self) -> Result<Arc<Providers>, SecretError> {
        self.oauth_providers().await
    }

    fn open_id(&self) -> &OpenIdClient<Transport, SystemClock, RandomIds> {
        once(&self.open_id, || OpenIdClient::new(self.transport(SIGN_IN_TIMEOUT), SystemClock, RandomIds))
    }

    fn addresses(&self) -> Addresses {
        let web: String = required("PUBLIC_URL");
        Addresses { api: or_default("API_PUBLIC_URL", web.clone()), web }
    }
}
