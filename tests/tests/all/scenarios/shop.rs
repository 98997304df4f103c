//! The whole suite with memory repositories, the sandbox and a virtual clock: a shop that a scenario can shop in. It is the
//! simulation's suite without faults: each step of an order is checked, and a seeded bug can be named that it has.

use std::env;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use auth::mint::{ACCESS_TOKEN_LIFETIME, SigningKey, SigningKeys, mint};
use auth::{Caller, Role, TokenRules, Who};
use bytes::Bytes;
use domain::{Order, OrderId, OrderStatus, ReservationLimits, Timestamp};
use google_sheets::ServiceAccount;
use http::{Method, Request, Response, StatusCode};
use resilience::{Clock as _, SeededIds, Transport as _, VirtualClock};
use sandbox::stripe::Endpoint;
use sandbox::{Fault, SandboxTransport, Shared};
use serde_json::{Value, json};
use settings::FixedSecrets;
use simulation::seeded_bugs::{self, seeded_bug};
use simulation::{Build, SimulatedSuite};
use store::{Catalogue as _, MemoryStore, ProductEdit, StockEdit};
use suite::{Activity, Settings, Wiring, secrets};

/// Read once: it takes longer than all else that a shop is made of.
static WIRING: LazyLock<Wiring> = LazyLock::new(|| include_str!("../../../../template.yaml").parse().unwrap());
pub const STAFF: &str = "usr_0000000000000000000000000000000a";
pub const CUSTOMER: &str = "cus_00000000000000000000000000000001";
/// What links are signed with, and what refresh tokens follow from each other by.
pub const MAC_KEYS: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="]}"#;
/// The kind of mail that goes to the shop's own people.
const ALERT: &str = "staff_alert";
/// Pieces in stock before anybody ordered.
pub const STOCK: u32 = 100;
/// Longer than any retry of a scenario takes, shorter than the sandbox gives up.
const PATIENCE: Duration = Duration::from_hours(4);

pub struct Shop {
    pub clock: VirtualClock,
    pub sandbox: Shared,
    pub suite: SimulatedSuite,
    pub keys: SigningKeys,
}

/// What a customer has in hand after placing an order.
#[derive(Clone, Debug)]
pub struct PlacedOrder {
    pub order_id: String,
    pub intent: String,
    pub client_secret: String,
}

impl Shop {
    pub fn open() -> Self {
        Self::with_limits(1)
    }

    /// With rate limits so many times as large; 0: none, and none of what a customer's unpaid orders may hold.
    pub fn with_limits(rate_limit_scale: u32) -> Self {
        let clock = VirtualClock::at(Timestamp::parse("2026-11-23T12:00:00Z").unwrap());
        let mut providers = sandbox::Settings { seed: 7, ..sandbox::Settings::default() };
        providers.stripe.endpoints = vec![Endpoint::new("http://shop.test/v1/webhooks/stripe")];
        providers.sendgrid.behaviour.webhook_url = Some("http://shop.test/v1/webhooks/sendgrid".to_owned());
        providers.oidc.clients[0].redirect_uris = vec!["http://shop.test/v1/auth/oauth/sandbox/callback".to_owned()];
        let sandbox = Shared::new(providers.clone());
        let keys = SigningKeys { keys: vec![SigningKey::generate(clock.now()).unwrap()] };
        let mut settings = Settings { rate_limit_scale, ..settings(&providers, &sandbox, &keys) };
        if rate_limit_scale == 0 {
            settings.reservation_limits =
                ReservationLimits { orders: usize::MAX, pieces: u32::MAX, ..settings.reservation_limits };
        }
        let suite = build().suite(sandbox.clone(), clock.clone(), SeededIds::new(11), settings, WIRING.clone());
        let shop = Self { clock, sandbox, suite, keys };
        shop.restock(STOCK);
        shop
    }

    /// The repositories, behind whatever the product does with them.
    pub fn store(&self) -> &MemoryStore {
        self.suite.store().memory()
    }

    /// Switches a fault on.
    pub fn suffers(&self, fault: Fault) {
        self.sandbox.lock().faults.add(fault);
    }

    pub fn recovers(&self) {
        self.sandbox.lock().faults.clear();
    }

    pub async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Response<Bytes> {
        self.call_with(&self.token(Role::Customer, CUSTOMER), method, path, key, body).await
    }

    /// Somebody who works here asks.
    pub async fn staff(&self, path: &str, key: Option<&str>, body: &Value) -> Response<Bytes> {
        self.call_with(&self.token(Role::Staff, STAFF), Method::POST, path, key, Some(body)).await
    }

    /// An access token of this person.
    pub fn token(&self, role: Role, id: &str) -> String {
        let caller = Caller { who: Who::new(role, id).unwrap(), token_id: "scenario".to_owned(), auth_time: None };
        let now = self.clock.now();
        mint(&caller, &TokenRules::default(), self.keys.active(now).unwrap(), now, ACCESS_TOKEN_LIFETIME).unwrap()
    }

    /// A call by whoever has this token or key.
    pub async fn call_with(
        &self,
        bearer: &str,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://shop.test{path}"))
            .header("authorization", format!("Bearer {bearer}"))
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        self.suite.http(request.body(body).unwrap()).await
    }

    pub async fn place(&self, key: &str) -> Response<Bytes> {
        self.call(Method::POST, "/v1/orders", Some(key), Some(&cart())).await
    }

    /// Places an order that gets its payment intent at once.
    pub fn order(&self, key: &str) -> PlacedOrder {
        let answer = self.clock.run(self.place(key));
        assert_eq!(answer.status(), StatusCode::CREATED, "{}", String::from_utf8_lossy(answer.body()));
        placed(&answer)
    }

    pub fn post(&self, path: &str, body: Option<&Value>) -> Response<Bytes> {
        self.clock.run(self.call(Method::POST, path, None, body))
    }

    pub fn get(&self, path: &str) -> Value {
        json_of(&self.clock.run(self.call(Method::GET, path, None, None)))
    }

    /// Pays as the page in a browser does: with the publishable key and the client secret. Stripe's answer.
    pub fn pay(&self, placed: &PlacedOrder, method: &str) -> Value {
        self.clock.run(self.pay_now(placed, method))
    }

    /// The same while other things happen.
    pub async fn pay_now(&self, placed: &PlacedOrder, method: &str) -> Value {
        let publishable = sandbox::Settings::default().stripe.publishable_key;
        let form =
            format!("client_secret={}&payment_method={method}&return_url=http%3A%2F%2Fshop.test", placed.client_secret);
        self.at_stripes(&format!("/v1/payment_intents/{}/confirm", placed.intent), &publishable, form).await
    }

    /// The customer passes the bank's 3-D Secure page.
    pub fn authenticate(&self, placed: &PlacedOrder) {
        self.control(&format!("payment_intents/{}/authenticate", placed.intent), "outcome=success".to_owned());
    }

    /// What customers, banks and people at Stripe's dashboard do: the object as it is then.
    pub fn control(&self, path: &str, form: String) -> Value {
        self.stripe(&format!("/_sandbox/stripe/{path}"), "", form)
    }

    fn stripe(&self, path: &str, key: &str, form: String) -> Value {
        self.clock.run(self.at_stripes(path, key, form))
    }

    async fn at_stripes(&self, path: &str, key: &str, form: String) -> Value {
        let request = Request::post(format!("http://stripe.test{path}"))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        json_of(&transport.send(request).await.unwrap())
    }

    /// Lets everything happen that is on its way.
    pub fn settle(&self) -> Vec<Activity> {
        self.wait(PATIENCE)
    }

    /// The same for what is due within this time.
    pub fn wait(&self, horizon: Duration) -> Vec<Activity> {
        self.clock.run(self.suite.run_until_idle(Some(&self.sandbox), horizon)).unwrap()
    }

    pub fn orders(&self) -> Vec<Order> {
        self.store().all_orders()
    }

    pub fn status(&self, placed: &PlacedOrder) -> OrderStatus {
        let id: OrderId = placed.order_id.parse().unwrap();
        self.orders().into_iter().find(|order| order.id == id).unwrap().status
    }

    /// The mails that SendGrid took, oldest first.
    pub fn mailbox(&self) -> Vec<Value> {
        let mails = serde_json::to_value(self.sandbox.lock().sendgrid.mails()).unwrap();
        mails.as_array().cloned().unwrap_or_default()
    }

    /// Kinds of the mails to customers that SendGrid took, about all orders, sorted.
    pub fn mails(&self) -> Vec<String> {
        let kind = |mail: &Value| mail["custom_args"]["effect_id"].as_str()?.split('/').nth(1).map(str::to_owned);
        let mut kinds: Vec<String> = self.mailbox().iter().filter_map(kind).filter(|kind| kind != ALERT).collect();
        kinds.sort();
        kinds
    }

    /// What the shop's people were told: the ends of the alerts' subjects, oldest first.
    pub fn alerts(&self) -> Vec<String> {
        let is_alert = |mail: &&Value| mail["custom_args"]["effect_id"].as_str().is_some_and(|id| id.contains(ALERT));
        let subject = |mail: &Value| mail["subject"].as_str()?.rsplit(": ").next().map(str::to_owned);
        self.mailbox().iter().filter(is_alert).filter_map(subject).collect()
    }

    /// The spreadsheet with all that stands in it.
    pub fn sheet(&self) -> Value {
        self.spreadsheet("sandbox-orders")
    }

    fn spreadsheet(&self, id: &str) -> Value {
        let request = Request::get(format!("/_sandbox/sheets/{id}")).body(Bytes::new()).unwrap();
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        json_of(&self.clock.run(transport.send(request)).unwrap())
    }

    /// Order id and status of every row of the sheet, the header left out.
    pub fn rows(&self) -> Vec<(String, String)> {
        self.rows_in("sandbox-orders")
    }

    /// The same of another spreadsheet.
    pub fn rows_in(&self, spreadsheet: &str) -> Vec<(String, String)> {
        let sheet = self.spreadsheet(spreadsheet);
        let text = |cell: &Value| cell.as_str().unwrap_or_default().to_owned();
        let rows = sheet["tabs"][0]["values"].as_array().cloned().unwrap_or_default();
        rows.iter().skip(1).map(|row| (text(&row[0]), text(&row[2]))).filter(|(id, _)| !id.is_empty()).collect()
    }

    /// The shop writes its rows into this new spreadsheet from now on.
    pub fn move_to(&self, spreadsheet: &str) {
        let new = json!({ "id": spreadsheet, "title": "Orders", "tabs": ["Orders"] }).to_string();
        let request = Request::post("/_sandbox/sheets").body(Bytes::from(new)).unwrap();
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        assert!(self.clock.run(transport.send(request)).unwrap().status().is_success());
        self.suite.change_spreadsheet(spreadsheet);
    }

    /// Stripe's own account of things.
    pub fn at_stripe(&self) -> Value {
        let request = Request::get("/_sandbox/stripe/state").body(Bytes::new()).unwrap();
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        json_of(&self.clock.run(transport.send(request)).unwrap())
    }

    /// What each payment came to at Stripe.
    pub fn balances(&self) -> Vec<Value> {
        let request = Request::get("/_sandbox/stripe/balances").body(Bytes::new()).unwrap();
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        json_of(&self.clock.run(transport.send(request)).unwrap()).as_array().cloned().unwrap()
    }

    /// Dead letters of all queues.
    pub fn dead_letters(&self) -> usize {
        let dead = self.suite.bus().counts().into_iter().filter(|(name, _)| name.ends_with("-dlq"));
        dead.map(|(_, counts)| counts.visible + counts.in_flight).sum()
    }

    pub fn stock(&self) -> u32 {
        let found = self.clock.run(self.store().products(&["mug".parse().unwrap()])).unwrap();
        found[0].stock
    }

    /// Sets how many pieces there are.
    pub fn restock(&self, pieces: u32) {
        self.clock.run(fill(self.store(), pieces));
    }

    /// What must be true of one paid order, whatever happened on the way.
    pub fn assert_paid_once(&self, placed: &PlacedOrder) {
        assert_eq!(self.status(placed), OrderStatus::Paid);
        assert_eq!(self.mails(), ["order_confirmation"], "one mail");
        assert_eq!(self.rows(), [(placed.order_id.clone(), "paid".to_owned())], "one row, and it is right");
        assert_eq!(self.dead_letters(), 0);
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert_eq!(self.suite.store().steps().violations(), [], "a step broke an invariant");
        }
    }
}

/// The product, with the seeded bug that the environment names.
fn build() -> Build {
    env::var(seeded_bugs::VARIABLE).map_or_else(|_| Build::default(), |name| with_bug(&name))
}

fn with_bug(name: &str) -> Build {
    let bug = seeded_bug(name).unwrap_or_else(|| panic!("there is no seeded bug `{name}`"));
    (bug.build)()
}

#[test]
#[should_panic(expected = "there is no seeded bug `a typo`")]
fn a_name_that_no_seeded_bug_has_stops_the_scenarios() {
    with_bug("a typo");
}

pub fn cart() -> Value {
    json!({
        "lines": [{ "sku": "mug", "quantity": 2 }],
        "currency": "EUR",
        "email": "ada@example.com",
        "shipping_address": { "name": "Ada", "line1": "Weg 1", "city": "Ulm", "postal_code": "89073", "country": "DE" },
    })
}

pub fn placed(answer: &Response<Bytes>) -> PlacedOrder {
    let answer = json_of(answer);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let payment = &answer["payment"];
    PlacedOrder {
        order_id: text(&answer["order_id"]),
        intent: text(&payment["intent_id"]),
        client_secret: text(&payment["client_secret"]),
    }
}

pub fn json_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap_or_default()
}

async fn fill(store: &MemoryStore, pieces: u32) {
    let edit = ProductEdit {
        sku: "mug".parse().unwrap(),
        name: "Mug".into(),
        prices: [("eur".parse().unwrap(), 1450)].into(),
        stock: Some(StockEdit::to(pieces)),
        active: true,
        at: Timestamp::parse("2026-11-23T12:00:00Z").unwrap(),
        by: None,
    };
    store.put(&edit).await.unwrap();
}

pub fn settings(providers: &sandbox::Settings, sandbox: &Shared, keys: &SigningKeys) -> Settings {
    let account = sandbox::sheets::development_key_file("http://google.test/token").to_string();
    let stripe = json!({ "api_key": providers.stripe.secret_key });
    let stripe_webhook = json!({ "signing_secrets": [Endpoint::DEFAULT_SECRET] });
    let sendgrid = json!({ "api_key": providers.sendgrid.api_keys[0] });
    let sendgrid_webhook = json!({ "public_key": sandbox.lock().sendgrid.public_key() });
    let client = &providers.oidc.clients[0];
    let (id, secret) = (&client.client_id, &client.client_secret);
    let provider = json!({ "issuer": "https://id.test/oidc", "client_id": id, "client_secret": secret });
    let oauth = json!({ "providers": { "sandbox": provider } });
    Settings {
        stripe_url: "http://stripe.test".into(),
        sendgrid_url: "http://sendgrid.test".into(),
        sheets_url: "http://google.test".into(),
        secrets: FixedSecrets::new([
            (secrets::STRIPE, stripe.to_string()),
            (secrets::STRIPE_WEBHOOK, stripe_webhook.to_string()),
            (secrets::SENDGRID, sendgrid.to_string()),
            (secrets::SENDGRID_WEBHOOK, sendgrid_webhook.to_string()),
            (secrets::TOKEN_KEYS, keys.public().unwrap().to_string()),
            (secrets::TOKEN_SIGNING, serde_json::to_string(keys).unwrap()),
            (secrets::LINK_KEYS, MAC_KEYS.to_owned()),
            (secrets::REFRESH_KEYS, MAC_KEYS.to_owned()),
            (secrets::OAUTH, oauth.to_string()),
        ]),
        google: ServiceAccount::from_json(&account).unwrap(),
        mail_from: "Shop <orders@shop.example>".parse().unwrap(),
        alert_email: "alerts@shop.example".parse().unwrap(),
        public_url: "http://shop.test".into(),
        api_public_url: "http://shop.test".into(),
        spreadsheet_id: "sandbox-orders".into(),
        sheet_tab: "Orders".into(),
        payment_terms: domain::PaymentTerms::default(),
        reservation_limits: domain::ReservationLimits::default(),
        mail_evidence_wait: Duration::from_mins(5),
        rate_limit_scale: 1,
    }
}
