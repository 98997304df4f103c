//! The environment of a function on Lambda.

use std::cell::OnceCell;
use std::time::Duration;

use auth::mint::SigningKeys;
use auth::{LinkKeys, PublicKeys, TokenKeys};
use capabilities::{MailSettings, Outside, Passwords, PaymentTerms, ReconcileWindow, ReservationLimits, Time};
use domain::Product;
use google_sheets::Sheets;
use lambda_runtime::Error;
use mail::{SendGridSecrets, WebhookKeySecret};
use oidc::{OpenId, Providers};
use resilience::{Cache, HttpTransport, RandomIds, SystemClock};
use sessions::{AllowedOrigins, RefreshKeys};
use settings::SecretsManager;
use store::{DynamoAccounts, DynamoCatalogue, DynamoEffects, DynamoGuards, DynamoOrders, Page, PageRequest};
use stripe::{SigningSecrets, StripeSecrets};
use tokio::sync::OnceCell as AsyncCell;

use crate::fatal::{or_default, or_end, required};

/// A client of a provider as functions have it on Lambda.
pub type Transport = &'static HttpTransport;
/// What is made once and lives as long as the process: nothing of it is ever dropped, so no program links its end.
pub type Once<T> = OnceCell<&'static T>;

/// A secret, kept in the warm environment for a while.
pub type CachedSecret<T> = settings::CachedSecret<T, &'static SecretsManager, SystemClock>;

/// Everything that a function can be given, each part made when it is first asked for.
#[derive(Debug)]
pub struct Lambda {
    pub(crate) config: &'static aws::Config,
    pub(crate) orders: Once<DynamoOrders>,
    pub(crate) catalogue: Once<DynamoCatalogue>,
    pub(crate) effects: Once<DynamoEffects>,
    pub(crate) accounts: Once<DynamoAccounts>,
    pub(crate) guards: Once<DynamoGuards>,
    pub(crate) publisher: Once<events::SnsPublisher>,
    pub(crate) dead_letters: Once<events::SqsDeadLetters>,
    pub(crate) queue: Once<events::SqsVisibility>,
    pub(crate) product_pages: Once<Cache<PageRequest, Page<Product>, SystemClock>>,
    pub(crate) secrets_manager: Once<SecretsManager>,
    pub(crate) stripe_keys: Once<CachedSecret<StripeSecrets>>,
    pub(crate) signing_secrets: Once<CachedSecret<SigningSecrets>>,
    pub(crate) sendgrid_keys: Once<CachedSecret<SendGridSecrets>>,
    pub(crate) webhook_key: Once<CachedSecret<WebhookKeySecret>>,
    pub(crate) oauth_providers: Once<CachedSecret<Providers>>,
    pub(crate) link_keys: Once<CachedSecret<LinkKeys>>,
    pub(crate) token_keys: Once<CachedSecret<TokenKeys>>,
    pub(crate) public_keys: Once<CachedSecret<PublicKeys>>,
    pub(crate) signing_keys: Once<CachedSecret<SigningKeys>>,
    pub(crate) refresh_keys: Once<CachedSecret<RefreshKeys>>,
    pub(crate) sheets: AsyncCell<&'static Sheets<Transport, SystemClock, RandomIds>>,
    pub(crate) open_id: Once<OpenId<Transport, SystemClock, RandomIds>>,
    pub(crate) mail_settings: Once<MailSettings>,
    pub(crate) spreadsheet_id: Once<String>,
    pub(crate) origins: Once<AllowedOrigins>,
    dynamodb: Once<aws_sdk_dynamodb::Client>,
    transport: Once<HttpTransport>,
    passwords: Once<passwords::Passwords>,
}

impl Lambda {
    /// The environment as Lambda's variables say.
    ///
    /// # Errors
    ///
    /// A variable is missing that Lambda gives every function.
    pub fn start() -> Result<&'static Self, Error> {
        telemetry::init();
        Ok(leak(Self {
            config: leak(aws::Config::from_env()?),
            orders: Once::new(),
            catalogue: Once::new(),
            effects: Once::new(),
            accounts: Once::new(),
            guards: Once::new(),
            publisher: Once::new(),
            dead_letters: Once::new(),
            queue: Once::new(),
            product_pages: Once::new(),
            secrets_manager: Once::new(),
            stripe_keys: Once::new(),
            signing_secrets: Once::new(),
            sendgrid_keys: Once::new(),
            webhook_key: Once::new(),
            oauth_providers: Once::new(),
            link_keys: Once::new(),
            token_keys: Once::new(),
            public_keys: Once::new(),
            signing_keys: Once::new(),
            refresh_keys: Once::new(),
            sheets: AsyncCell::new(),
            open_id: Once::new(),
            mail_settings: Once::new(),
            spreadsheet_id: Once::new(),
            origins: Once::new(),
            dynamodb: Once::new(),
            transport: Once::new(),
            passwords: Once::new(),
        }))
    }

    /// The way to the tables. The streams' functions read none, and do not link it.
    pub(crate) fn dynamodb(&self) -> &'static aws_sdk_dynamodb::Client {
        once(&self.dynamodb, || aws_sdk_dynamodb::Client::new(self.config.sdk()))
    }

    /// The way to the providers. One answer may take as long as whoever asked first says: a function asks one provider.
    pub(crate) fn transport(&self, patience: Duration) -> Transport {
        once(&self.transport, || or_end(HttpTransport::new(patience)))
    }
}

/// What is there already, or is made now and stays.
pub fn once<T>(cell: &Once<T>, make: impl FnOnce() -> T) -> &'static T {
    cell.get_or_init(|| leak(make()))
}

/// A value that lives as long as the process.
pub fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

impl Time for Lambda {
    type Clock = SystemClock;
    type Ids = RandomIds;

    fn clock(&self) -> &SystemClock {
        &SystemClock
    }

    fn ids(&self) -> &RandomIds {
        &RandomIds
    }
}

impl Outside for Lambda {
    type Transport = Transport;
}

impl Passwords for Lambda {
    fn passwords(&self) -> &passwords::Passwords {
        once(&self.passwords, passwords::Passwords::default)
    }
}

fn reservation() -> Duration {
    Duration::from_secs(or_default("RESERVATION_SECONDS", 3600))
}

impl PaymentTerms for Lambda {
    fn payment_terms(&self) -> domain::PaymentTerms {
        domain::PaymentTerms {
            reservation: reservation(),
            invoice_due: Duration::from_hours(24 * or_default::<u64>("INVOICE_DUE_DAYS", 30)),
        }
    }
}

impl ReservationLimits for Lambda {
    fn reservation_limits(&self) -> domain::ReservationLimits {
        let default = domain::ReservationLimits::default();
        domain::ReservationLimits {
            orders: or_default("MAX_UNPAID_ORDERS", default.orders),
            pieces: or_default("MAX_UNPAID_PIECES", default.pieces),
            reservation: reservation(),
        }
    }
}

impl ReconcileWindow for Lambda {
    fn reconcile_window(&self) -> Duration {
        Duration::from_hours(24 * required::<u64>("RECONCILE_WINDOW_DAYS"))
    }
}

impl capabilities::Origins for Lambda {
    fn origins(&self) -> &AllowedOrigins {
        once(&self.origins, || required("ALLOWED_ORIGINS"))
    }
}
