//! What a function can be given in this process.

use std::sync::Arc;
use std::time::Duration;

use auth::{LinkKeys, PublicKeys, TokenKeys};
use capabilities::{MailSettings, product_pages};
use domain::{PaymentTerms, Product, ReservationLimits};
use mail::{SendGrid, SendGridSecrets, WebhookKeySecret};
use oidc::{Addresses, OpenId, Providers};
use passwords::Passwords;
use payments::reconcile_payments::Rules;
use resilience::{Cache, Clock, Ids, Transport};
use sessions::{AllowedOrigins, Keys, RefreshKeys};
use settings::SecretError;
use store::{Page, PageRequest};
use stripe::{SigningSecrets, Stripe, StripeSecrets};

use crate::clients::{Clients, SharedIds};
use crate::gate::{Gate, TransportGate};
use crate::ports::Settings;
use crate::secrets::Secrets;

/// What a process keeps from one invocation to the next, as a warm Lambda environment does.
#[derive(Debug)]
pub struct Warm<T, C, I> {
    pub(crate) clients: Clients<T, C, I>,
    pub(crate) secrets: Secrets<C>,
    pub(crate) clock: C,
    pub(crate) ids: SharedIds<I>,
    pub(crate) settings: Settings,
    mail_settings: MailSettings,
    passwords: Passwords,
    origins: AllowedOrigins,
    product_pages: Cache<PageRequest, Page<Product>, C>,
}

impl<T: Transport, C: Clock + Clone, I: Ids> Warm<T, C, I> {
    /// With nothing kept yet.
    pub fn new(settings: Settings, origins: AllowedOrigins, transport: T, clock: C, ids: I, gate: &Gate) -> Self {
        let ids = SharedIds::new(ids);
        Self {
            clients: Clients::new(&settings, transport, &clock, &ids, gate),
            secrets: Secrets::new(&settings.secrets, &clock),
            mail_settings: MailSettings {
                from: settings.mail_from.clone(),
                alerts_to: settings.alert_email.clone(),
                web_app: settings.public_url.clone(),
                evidence_wait: settings.mail_evidence_wait,
            },
            passwords: Passwords::default(),
            product_pages: product_pages(clock.clone()),
            origins,
            settings,
            clock,
            ids,
        }
    }
}

impl<T, C, I> Warm<T, C, I> {
    /// What hashes and compares passwords.
    pub const fn passwords(&self) -> &Passwords {
        &self.passwords
    }
}

/// The environment of an invocation in this process: repositories and bus, and what is warm.
#[derive(Debug)]
pub struct Local<'a, S, B, T, C, I> {
    /// All repositories, or those that the handler needs.
    pub store: S,
    /// Topic and queues.
    pub bus: B,
    /// What was there before.
    pub warm: &'a Warm<T, C, I>,
}

impl<S, B, T, C: Clock + Clone, I: Ids> capabilities::Time for Local<'_, S, B, T, C, I> {
    type Clock = C;
    type Ids = SharedIds<I>;

    fn clock(&self) -> &C {
        &self.warm.clock
    }

    fn ids(&self) -> &SharedIds<I> {
        &self.warm.ids
    }
}

impl<S, B, T: Transport, C: Clock + Clone, I: Ids> capabilities::Outside for Local<'_, S, B, T, C, I> {
    type Transport = TransportGate<T>;
}

impl<S: store::Orders, B, T, C: Clock + Clone, I: Ids> capabilities::Orders for Local<'_, S, B, T, C, I> {
    fn orders(&self) -> &impl store::Orders {
        &self.store
    }
}

impl<S: store::Catalogue, B, T, C: Clock + Clone, I: Ids> capabilities::Catalogue for Local<'_, S, B, T, C, I> {
    fn catalogue(&self) -> &impl store::Catalogue {
        &self.store
    }
}

impl<S: store::Catalogue, B, T, C: Clock + Clone, I: Ids> capabilities::ProductPages for Local<'_, S, B, T, C, I> {
    fn product_pages(&self) -> &Cache<PageRequest, Page<Product>, C> {
        &self.warm.product_pages
    }
}

impl<S, B, T, C, I> capabilities::Effects for Local<'_, S, B, T, C, I>
where
    S: store::MailEffects + store::SheetRows,
    C: Clock + Clone,
    I: Ids,
{
    fn mails(&self) -> &impl store::MailEffects {
        &self.store
    }

    fn rows(&self) -> &impl store::SheetRows {
        &self.store
    }
}

impl<S, B, T, C, I> capabilities::Identity for Local<'_, S, B, T, C, I>
where
    S: store::Accounts + store::Sessions,
    C: Clock + Clone,
    I: Ids,
{
    fn accounts(&self) -> &(impl store::Accounts + store::Sessions) {
        &self.store
    }
}

impl<S: store::ApiKeys, B, T, C: Clock + Clone, I: Ids> capabilities::ApiKeys for Local<'_, S, B, T, C, I> {
    fn api_keys(&self) -> &impl store::ApiKeys {
        &self.store
    }
}

impl<S, B, T, C, I> capabilities::Guards for Local<'_, S, B, T, C, I>
where
    S: store::RateLimiter + store::KnownAddresses + store::JobCheckpoints,
    C: Clock + Clone,
    I: Ids,
{
    fn guards(&self) -> &(impl store::RateLimiter + store::KnownAddresses + store::JobCheckpoints) {
        &self.store
    }
}

impl<S, B, T, C, I> capabilities::ReservationAttempts for Local<'_, S, B, T, C, I>
where
    S: store::ReservationAttempts,
    C: Clock + Clone,
    I: Ids,
{
    fn reservation_attempts(&self) -> &impl store::ReservationAttempts {
        &self.store
    }
}

impl<S, B: events::Publisher + events::DeadLetters, T, C, I> capabilities::Bus for Local<'_, S, B, T, C, I> {
    fn publisher(&self) -> &impl events::Publisher {
        &self.bus
    }

    fn dead_letters(&self) -> &impl events::DeadLetters {
        &self.bus
    }
}

impl<S, B: events::Visibility, T, C: Clock + Clone, I: Ids> capabilities::Queue for Local<'_, S, B, T, C, I> {
    fn queue(&self) -> &impl events::Visibility {
        &self.bus
    }
}

impl<S, B, T: Transport, C: Clock + Clone, I: Ids> capabilities::Stripe for Local<'_, S, B, T, C, I> {
    async fn stripe_secrets(&self) -> Result<Arc<StripeSecrets>, SecretError> {
        self.warm.secrets.stripe.get().await
    }

    fn stripe_client(&self, secrets: &StripeSecrets, _: Duration) -> Stripe<TransportGate<T>, C, SharedIds<I>> {
        self.warm.clients.stripe(secrets)
    }
}

impl<S, B, T: Transport, C: Clock + Clone, I: Ids> capabilities::Email for Local<'_, S, B, T, C, I> {
    async fn sendgrid_secrets(&self) -> Result<Arc<SendGridSecrets>, SecretError> {
        self.warm.secrets.sendgrid.get().await
    }

    fn sendgrid(&self, secrets: &SendGridSecrets) -> SendGrid<TransportGate<T>, C, SharedIds<I>> {
        self.warm.clients.sendgrid(secrets)
    }

    fn mail_settings(&self) -> &MailSettings {
        &self.warm.mail_settings
    }
}

impl<S, B, T: Transport, C: Clock + Clone, I: Ids> capabilities::Sheets for Local<'_, S, B, T, C, I> {
    async fn sheets(&self) -> Result<&google_sheets::Sheets<TransportGate<T>, C, SharedIds<I>>, SecretError> {
        Ok(self.warm.clients.sheets())
    }

    fn spreadsheet_id(&self) -> &str {
        self.warm.clients.later_spreadsheet().unwrap_or(&self.warm.settings.spreadsheet_id)
    }
}

impl<S, B, T: Transport, C: Clock + Clone, I: Ids> capabilities::OpenId for Local<'_, S, B, T, C, I> {
    async fn providers(&self) -> Result<Arc<Providers>, SecretError> {
        self.warm.secrets.oauth.get().await
    }

    fn open_id(&self) -> &OpenId<TransportGate<T>, C, SharedIds<I>> {
        &self.warm.clients.open_id
    }

    fn addresses(&self) -> Addresses {
        let settings = &self.warm.settings;
        Addresses { api: settings.api_public_url.clone(), web: settings.public_url.clone() }
    }
}

impl<S, B, T, C: Clock, I> capabilities::StripeWebhook for Local<'_, S, B, T, C, I> {
    async fn signing_secrets(&self) -> Result<Arc<SigningSecrets>, SecretError> {
        self.warm.secrets.stripe_webhook.get().await
    }
}

impl<S, B, T, C: Clock, I> capabilities::SendGridWebhook for Local<'_, S, B, T, C, I> {
    async fn webhook_key(&self) -> Result<Arc<WebhookKeySecret>, SecretError> {
        self.warm.secrets.sendgrid_webhook.get().await
    }
}

impl<S, B, T, C: Clock, I> capabilities::SessionKeys for Local<'_, S, B, T, C, I> {
    async fn session_keys(&self) -> Result<Keys, SecretError> {
        self.warm.secrets.sessions.get().await
    }
}

impl<S, B, T, C: Clock, I> capabilities::DeviceKeys for Local<'_, S, B, T, C, I> {
    async fn device_keys(&self) -> Result<Arc<RefreshKeys>, SecretError> {
        self.warm.secrets.sessions.refresh().await
    }
}

impl<S, B, T, C: Clock, I> capabilities::LinkKeys for Local<'_, S, B, T, C, I> {
    async fn link_keys(&self) -> Result<Arc<LinkKeys>, SecretError> {
        self.warm.secrets.links.get().await
    }
}

impl<S, B, T, C: Clock, I> capabilities::TokenKeys for Local<'_, S, B, T, C, I> {
    async fn token_keys(&self) -> Result<Arc<TokenKeys>, SecretError> {
        self.warm.secrets.token_keys.get().await
    }

    async fn public_keys(&self) -> Result<Arc<PublicKeys>, SecretError> {
        self.warm.secrets.public_keys.get().await
    }

    fn keys_fresh_for(&self) -> Duration {
        self.warm.secrets.public_keys.fresh_for()
    }
}

impl<S, B, T, C, I> capabilities::Passwords for Local<'_, S, B, T, C, I> {
    fn passwords(&self) -> &Passwords {
        &self.warm.passwords
    }
}

impl<S, B, T, C, I> capabilities::Origins for Local<'_, S, B, T, C, I> {
    fn origins(&self) -> &AllowedOrigins {
        &self.warm.origins
    }
}

impl<S, B, T, C, I> capabilities::PaymentTerms for Local<'_, S, B, T, C, I> {
    fn payment_terms(&self) -> PaymentTerms {
        self.warm.settings.payment_terms
    }
}

impl<S, B, T, C, I> capabilities::ReservationLimits for Local<'_, S, B, T, C, I> {
    fn reservation_limits(&self) -> ReservationLimits {
        self.warm.settings.reservation_limits
    }
}

impl<S, B, T, C, I> capabilities::ReconcileWindow for Local<'_, S, B, T, C, I> {
    fn reconcile_window(&self) -> Duration {
        Rules::DEFAULT.window
    }
}
