//! What functions read from Secrets Manager: one cache for each secret, as a warm Lambda environment has it.

use auth::LinkKeys;
use auth::{PublicKeys, TokenKeys};
use mail::{SendGridSecrets, WebhookKeySecret};
use oidc::Providers;
use resilience::Clock;
use sessions::SessionKeys;
use settings::{CachedSecret, FixedSecrets};
use stripe::{SigningSecrets, StripeSecrets};

/// Stripe's `api_key`.
pub const STRIPE: &str = "stripe";
/// What Stripe signs webhooks with: `signing_secrets`.
pub const STRIPE_WEBHOOK: &str = "stripe-webhook";
/// SendGrid's `api_key`.
pub const SENDGRID: &str = "sendgrid";
/// What SendGrid's event webhook is verified with: `public_key`.
pub const SENDGRID_WEBHOOK: &str = "sendgrid-webhook";
/// The JSON file of Google's service account.
pub const GOOGLE: &str = "google";
/// JWKS with the public keys that access tokens are checked with.
pub const TOKEN_KEYS: &str = "token-keys";
/// The private keys that access tokens are signed with.
pub const TOKEN_SIGNING: &str = "token-signing";

/// What the links in mails are signed with.
pub const LINK_KEYS: &str = "link-keys";
/// The OpenID providers that people may sign in with, and who we are to them.
pub const OAUTH: &str = "oauth";
/// What refresh tokens follow from each other by.
pub const REFRESH_KEYS: &str = "refresh-keys";

/// A secret as the functions of one process share it.
type Cached<T, C> = CachedSecret<T, FixedSecrets, C>;

/// The secrets. A text that is [set](FixedSecrets::set) is taken up when the cache's time is over.
#[derive(Debug)]
pub(crate) struct Secrets<C> {
    pub(crate) stripe: Cached<StripeSecrets, C>,
    pub(crate) stripe_webhook: Cached<SigningSecrets, C>,
    pub(crate) sendgrid: Cached<SendGridSecrets, C>,
    pub(crate) sendgrid_webhook: Cached<WebhookKeySecret, C>,
    pub(crate) token_keys: Cached<TokenKeys, C>,
    pub(crate) links: Cached<LinkKeys, C>,
    pub(crate) sessions: SessionKeys<FixedSecrets, C>,
    pub(crate) oauth: Cached<Providers, C>,
    pub(crate) public_keys: Cached<PublicKeys, C>,
}

impl<C: Clock + Clone> Secrets<C> {
    pub(crate) fn new(source: &FixedSecrets, clock: &C) -> Self {
        Self {
            stripe: CachedSecret::new(STRIPE, source.clone(), clock.clone()),
            stripe_webhook: CachedSecret::new(STRIPE_WEBHOOK, source.clone(), clock.clone()),
            sendgrid: CachedSecret::new(SENDGRID, source.clone(), clock.clone()),
            sendgrid_webhook: CachedSecret::new(SENDGRID_WEBHOOK, source.clone(), clock.clone()),
            token_keys: CachedSecret::new(TOKEN_KEYS, source.clone(), clock.clone()),
            links: CachedSecret::new(LINK_KEYS, source.clone(), clock.clone()),
            oauth: CachedSecret::new(OAUTH, source.clone(), clock.clone()),
            sessions: SessionKeys::new(
                CachedSecret::new(TOKEN_SIGNING, source.clone(), clock.clone()),
                CachedSecret::new(REFRESH_KEYS, source.clone(), clock.clone()),
            ),
            public_keys: CachedSecret::new(TOKEN_KEYS, source.clone(), clock.clone()),
        }
    }
}
