//! What all runs of a process share. It is made once, since making it costs more than a whole order.

use std::cell::OnceCell;
use std::time::Duration;

use auth::api_key::issue;
use auth::mint::{SigningKey, SigningKeys, mint};
use auth::{Caller, Role, TokenRules, Who};
use domain::{ApiKey, KeyId, PaymentTerms, ReservationLimits, Scope, Timestamp};
use google_sheets::ServiceAccount;
use resilience::{Ids as _, SeededIds};
use serde_json::json;
use settings::FixedSecrets;
use suite::{Settings, Wiring, secrets};

const TEMPLATE: &str = include_str!("../../template.yaml");
/// The time at which every run begins, in seconds since the epoch.
pub const BEGIN: i64 = 1_795_000_000;
/// Longer than any run.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24 * 365);
const MAC_KEYS: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="]}"#;
/// The number of customers.
pub const CUSTOMERS: usize = 8;
/// The spreadsheet's id.
pub const SPREADSHEET: &str = "sandbox-orders";
/// The spreadsheet that takes its place in some runs.
pub const NEXT_SPREADSHEET: &str = "sandbox-orders-2";

/// How long SendGrid's reports are awaited before a mail of unknown outcome is sent again.
pub const EVIDENCE_WAIT: Duration = Duration::from_mins(5);

/// How long the shop waits for money. Invoices are due sooner than in a real shop, since nothing else happens while
/// they wait.
pub const TERMS: PaymentTerms =
    PaymentTerms { reservation: Duration::from_hours(1), invoice_due: Duration::from_hours(2) };

/// What a customer's unpaid orders may hold.
pub const LIMITS: ReservationLimits = ReservationLimits { orders: 10, pieces: 100, reservation: TERMS.reservation };

/// Why a simulation cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// The template cannot be read.
    #[error(transparent)]
    Template(#[from] suite::TemplateError),
    /// No keys or tokens can be made.
    #[error(transparent)]
    Token(#[from] auth::mint::MintError),
    /// A constant in this file is malformed.
    #[error("{0} cannot be read")]
    Setting(&'static str),
}

/// What all runs share.
#[derive(Debug)]
pub struct Fixture {
    pub wiring: Wiring,
    pub google: ServiceAccount,
    pub customers: Vec<Token>,
    pub staff: Token,
    pub service: Token,
    /// The service's key, as it is stored.
    pub service_key: ApiKey,
    public_keys: String,
    signing_keys: String,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Token {
    /// `cus_…` or `usr_…`.
    pub id: String,
    /// The `Authorization` header.
    pub authorization: http::HeaderValue,
}

impl Fixture {
    fn new() -> Result<Self, FixtureError> {
        let now = Timestamp::from_seconds(BEGIN);
        let keys = SigningKeys { keys: vec![SigningKey::generate(now)?] };
        let customers = (1..=CUSTOMERS).map(|n| token(&keys, Role::Customer, &format!("cus_{n:032}"), now));
        let (service, service_key) = service(now)?;
        let account = sandbox::sheets::development_key_file("http://google.test/token").to_string();
        Ok(Self {
            wiring: TEMPLATE.parse()?,
            google: ServiceAccount::from_json(&account).map_err(|_| FixtureError::Setting("google's account"))?,
            customers: customers.collect::<Result<_, _>>()?,
            staff: token(&keys, Role::Staff, &format!("usr_{:032}", 1), now)?,
            service,
            service_key,
            public_keys: keys.public()?.to_string(),
            signing_keys: serde_json::to_string(&keys).map_err(|_| FixtureError::Setting("the signing key"))?,
        })
    }

    /// The settings of a run's functions.
    ///
    /// # Errors
    ///
    /// When a constant in this file is malformed.
    pub fn settings(&self, providers: &sandbox::Settings, sendgrid_key: &str) -> Result<Settings, FixtureError> {
        let stripe = json!({ "api_key": providers.stripe.secret_key });
        let stripe_webhook = json!({ "signing_secrets": [sandbox::stripe::Endpoint::DEFAULT_SECRET] });
        let sendgrid = json!({ "api_key": providers.sendgrid.api_keys.first() });
        let sendgrid_webhook = json!({ "public_key": sendgrid_key });
        Ok(Settings {
            stripe_url: "http://stripe.test".into(),
            sendgrid_url: "http://sendgrid.test".into(),
            sheets_url: "http://google.test".into(),
            secrets: FixedSecrets::new([
                (secrets::STRIPE, stripe.to_string()),
                (secrets::STRIPE_WEBHOOK, stripe_webhook.to_string()),
                (secrets::SENDGRID, sendgrid.to_string()),
                (secrets::SENDGRID_WEBHOOK, sendgrid_webhook.to_string()),
                (secrets::TOKEN_KEYS, self.public_keys.clone()),
                (secrets::TOKEN_SIGNING, self.signing_keys.clone()),
                (secrets::LINK_KEYS, MAC_KEYS.to_owned()),
                (secrets::REFRESH_KEYS, MAC_KEYS.to_owned()),
                (secrets::OAUTH, r#"{"providers":{}}"#.to_owned()),
            ]),
            google: self.google.clone(),
            mail_from: "Shop <orders@shop.example>".parse().map_err(|_| FixtureError::Setting("the sender"))?,
            alert_email: "alerts@shop.example".parse().map_err(|_| FixtureError::Setting("the address of alerts"))?,
            public_url: "http://shop.test".into(),
            api_public_url: "http://shop.test".into(),
            spreadsheet_id: SPREADSHEET.into(),
            sheet_tab: "Orders".into(),
            payment_terms: TERMS,
            mail_evidence_wait: EVIDENCE_WAIT,
            reservation_limits: LIMITS,
            rate_limit_scale: 0,
        })
    }
}

fn token(keys: &SigningKeys, role: Role, id: &str, now: Timestamp) -> Result<Token, FixtureError> {
    let who = Who::new(role, id).ok_or(FixtureError::Setting("an id"))?;
    let caller = Caller { who, token_id: "simulation".to_owned(), auth_time: None };
    let key = keys.active(now).ok_or(FixtureError::Setting("the signing key"))?;
    let token = mint(&caller, &TokenRules::default(), key, now, TOKEN_LIFETIME)?;
    let authorization = format!("Bearer {token}").parse().map_err(|_| FixtureError::Setting("a token"))?;
    Ok(Token { id: id.to_owned(), authorization })
}

/// A service that places orders for itself, some of them by invoice.
fn service(now: Timestamp) -> Result<(Token, ApiKey), FixtureError> {
    let (ids, wrong) = (SeededIds::new(0), FixtureError::Setting("the service's id"));
    let key = KeyId::from_uuid(ids.fresh());
    let (text, secret) = issue(key, [ids.fresh(), ids.fresh()]);
    let id = format!("cus_{:032}", CUSTOMERS + 1);
    let key = ApiKey {
        id: key,
        secret,
        name: "service".to_owned(),
        scopes: [Scope::OrdersPlace, Scope::OrdersInvoice].into_iter().collect(),
        customer: id.parse().map_err(|_| wrong)?,
        created_by: domain::UserId::from_uuid(ids.fresh()),
        created_at: now,
        expires_at: now.plus(TOKEN_LIFETIME),
        revoked_at: None,
        revoked_by: None,
        last_used_at: None,
        noticed_days: None,
        version: 1,
    };
    let authorization = format!("Bearer {text}").parse().map_err(|_| FixtureError::Setting("the service's key"))?;
    Ok((Token { id, authorization }, key))
}

/// Calls `work` with what this thread's runs share.
///
/// # Errors
///
/// When it cannot be made.
pub fn with<R>(work: impl FnOnce(&Fixture) -> Result<R, FixtureError>) -> Result<R, FixtureError> {
    thread_local!(static FIXTURE: OnceCell<Fixture> = const { OnceCell::new() });
    FIXTURE.with(|cell| {
        if let Some(fixture) = cell.get() {
            return work(fixture);
        }
        let made = Fixture::new()?;
        work(cell.get_or_init(|| made))
    })
}
