//! One paid order, a sandbox and fixed time: what the sample events are about.

use std::time::Duration;

use auth::LinkKeys;
use bytes::Bytes;
use domain::{
    AccountChange, Cart, CartRequest, Change, CustomerId, IdempotencyKey, IntentFact, IntentStatus, Money, Order,
    OrderId, PaymentFact, PaymentMethod, PricedCart, PricedLines, RefundActionId, RefundReason, RefundRequest,
    Timestamp, price_lines,
};
use google_sheets::{ServiceAccount, Sheets};
use http::Request;
use resilience::{Clock as _, Deadline, Ids as _, SeededIds, Transport, VirtualClock};
use sandbox::{SandboxTransport, Settings, Shared};
use serde_json::{Value, json};
use store::{Accounts as _, Catalogue, MemoryStore, Orders, PlaceOutcome, ProductEdit, SaveOutcome, StockEdit};
use stripe::{NewIntent, Stripe};
use suite::{Local, secrets};
use uuid::Uuid;

use super::SENDGRID_KEY;
use crate::environment::{self, NoBus, Warmed, local, signing_secrets, warm};

pub type Sandboxed = SandboxTransport<VirtualClock>;

pub struct World {
    pub clock: VirtualClock,
    pub ids: SeededIds,
    pub store: MemoryStore,
    pub sandbox: Shared,
    warm: Warmed<Sandboxed>,
}

/// The moment at which the samples were made and signed.
pub const NOON: &str = "2026-11-23T12:00:00Z";
pub const SPREADSHEET: &str = "orders-test";

impl World {
    /// A world whose order waits for the payment of `pi_sample`.
    pub fn with_unpaid_order() -> Self {
        let mut settings = Settings::default();
        settings.sheets.spreadsheets =
            vec![serde_json::from_value(json!({"id": SPREADSHEET, "title": "Shop", "tabs": ["Orders"]})).unwrap()];
        let clock = VirtualClock::at(Timestamp::parse(NOON).unwrap());
        let sandbox = Shared::new(settings);
        let warm = warm(functions_settings(&sandbox), SandboxTransport::new(sandbox.clone(), clock.clone()), &clock);
        let world = Self { clock, ids: SeededIds::new(1), store: MemoryStore::new(), sandbox, warm };
        let placed = world.clock.clone().run(world.place());
        let attach = placed.attach_intent("pi_sample".into(), vec![], "sample-correlation", placed.placed_at).unwrap();
        world.save(&attach);
        world
    }

    /// A world whose order is paid.
    pub fn with_paid_order() -> Self {
        let world = Self::with_unpaid_order();
        world.learn_of_payment("pi_sample");
        world
    }

    /// A world whose unpaid order has an intent that Stripe knows.
    pub fn with_intent_at_stripe() -> Self {
        let world = Self::with_unpaid_order();
        let order = world.order();
        let new = NewIntent::of(&order);
        let intent = world.clock.run(world.stripe().create_payment_intent(&new, world.deadline())).unwrap();
        let facts = stripe::intent_facts(&intent).unwrap();
        world.save(&order.attach_intent(intent.id.clone(), facts, "sample-correlation", order.placed_at).unwrap());
        world
    }

    /// The customer pays, as the browser does it.
    pub fn pay_at_stripe(&self) {
        let intent = self.order().payment.intent.unwrap();
        let request = Request::post(format!("http://stripe.test/v1/payment_intents/{intent}/confirm"))
            .header("authorization", format!("Bearer {}", Settings::default().stripe.secret_key))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"payment_method=pm_card_visa&return_url=http%3A%2F%2Fshop.test"))
            .unwrap();
        let answer = self.clock.run(self.transport().send(request)).unwrap();
        assert!(answer.status().is_success(), "{}", String::from_utf8_lossy(answer.body()));
    }

    /// The money came by an intent that the order knows nothing of.
    pub fn pay_from_elsewhere(&self) {
        self.learn_of_payment("pi_elsewhere");
    }

    fn learn_of_payment(&self, intent: &str) {
        let order = self.order();
        let fact = IntentFact {
            id: intent.into(),
            status: IntentStatus::Succeeded,
            seen_at: 1,
            created: 1,
            amount: order.total,
            received: order.total,
            order_id: Some(order.id),
        };
        self.save(
            &order.apply_facts(vec![PaymentFact::PaymentIntent(fact)], "sample-correlation", order.placed_at).unwrap(),
        );
    }

    /// What Stripe says of the intent is merged into the order.
    pub fn learn_from_stripe(&self) {
        let order = self.order();
        let intent = order.payment.intent.clone().unwrap();
        let intent = self.clock.run(self.stripe().retrieve_payment_intent(&intent, self.deadline())).unwrap();
        let facts = stripe::intent_facts(&intent).unwrap();
        self.save(&order.apply_facts(facts, "sample-correlation", order.placed_at).unwrap());
    }

    pub fn cancel(&self) {
        let order = self.order();
        self.save(&order.cancel("sample-correlation", order.placed_at).unwrap().unwrap());
    }

    /// Staff want so much of the money to go back.
    pub fn request_refund(&self, amount: i64) {
        let order = self.order();
        let key: IdempotencyKey = "refund-1".parse().unwrap();
        let request = RefundRequest {
            action: RefundActionId::derived(order.id, &key).to_string(),
            amount: Some(amount),
            reason: RefundReason::RequestedByCustomer,
            by: "usr_0000000000000000000000000000000a".to_owned(),
            transfer: None,
        };
        self.save(&order.request_refund(&request, "sample-correlation", self.clock.now()).unwrap().unwrap());
    }

    async fn place(&self) -> Order {
        let edit = ProductEdit {
            sku: "MUG-1".parse().unwrap(),
            name: "Mug".into(),
            prices: [("eur".parse().unwrap(), 1250)].into(),
            stock: Some(StockEdit::to(10)),
            active: true,
            at: Timestamp::parse(NOON).unwrap(),
            by: None,
        };
        let product = self.store.put(&edit).await.unwrap();
        let request: CartRequest = serde_json::from_value(json!({
            "lines": [{"sku": "MUG-1", "quantity": 2}], "currency": "eur", "email": "anna@example.com",
            "shipping_address": {"name": "Anna", "line1": "Weg 1", "city": "Ulm", "country": "DE"},
        }))
        .unwrap();
        let cart = Cart::try_from(request).unwrap();
        let PricedLines { lines, total } = price_lines(&cart.lines, cart.currency, &[product]).unwrap();
        let priced = PricedCart { cart, lines, total };
        let customer = CustomerId::from_uuid(Uuid::from_u128(1));
        let id = order_id();
        let placement = Order::place(
            id,
            customer,
            priced,
            PaymentMethod::Stripe,
            None,
            "sample-correlation",
            Timestamp::parse(NOON).unwrap(),
        );
        match self.store.place(&placement).await.unwrap() {
            PlaceOutcome::New(order) => order,
            other => panic!("{other:?}"),
        }
    }

    /// The same customer orders the same once more.
    pub fn place_another(&self) -> Order {
        let id = OrderId::from_uuid(self.ids.fresh());
        let placed = self.order();
        let contact = placed.person.contact().unwrap().clone();
        let cart = Cart {
            lines: vec![],
            currency: placed.total.currency,
            shipping_address: contact.shipping_address,
            email: contact.email,
            payment_method: domain::PaymentChoice::Stripe,
        };
        let priced = PricedCart { cart, lines: vec![], total: placed.total };
        let placement = Order::place(
            id,
            placed.customer,
            priced,
            PaymentMethod::Stripe,
            None,
            "sample-correlation",
            self.clock.now(),
        );
        match self.clock.run(self.store.place(&placement)).unwrap() {
            PlaceOutcome::New(order) => order,
            other => panic!("{other:?}"),
        }
    }

    pub fn change(&self, change: &AccountChange) {
        assert_eq!(self.clock.clone().run(self.store.save_account(change)).unwrap(), SaveOutcome::Saved);
    }

    /// What functions are given.
    pub fn env(&self) -> Local<'_, MemoryStore, NoBus, Sandboxed, VirtualClock, SeededIds> {
        local(self.store.clone(), &self.warm)
    }

    /// The same for a stream's function, which publishes there.
    pub fn env_with_bus<B>(&self, bus: B) -> Local<'_, MemoryStore, B, Sandboxed, VirtualClock, SeededIds> {
        Local { store: self.store.clone(), bus, warm: &self.warm }
    }

    /// What functions are given whose requests pass this transport.
    pub fn warm_over<T: Transport>(&self, transport: T) -> Warmed<T> {
        warm(functions_settings(&self.sandbox), transport, &self.clock)
    }

    /// What functions are given when Stripe signs with one of these secrets.
    pub fn warm_with_secrets(&self, webhook: &[&str]) -> Warmed<Sandboxed> {
        let settings = functions_settings(&self.sandbox);
        let (id, secret) = signing_secrets(webhook);
        settings.secrets.set(id, secret.to_string());
        warm(settings, self.transport(), &self.clock)
    }

    pub fn save(&self, change: &Change) {
        self.clock.clone().run(self.store.save(change, None)).unwrap();
    }

    pub fn order(&self) -> Order {
        self.clock.clone().run(self.store.find(order_id())).unwrap().unwrap()
    }

    pub fn deadline(&self) -> Deadline {
        Deadline::after(&self.clock, Duration::from_secs(30))
    }

    pub fn transport(&self) -> Sandboxed {
        SandboxTransport::new(self.sandbox.clone(), self.clock.clone())
    }

    pub fn stripe(&self) -> Stripe<Sandboxed, VirtualClock, SeededIds> {
        let key = Settings::default().stripe.secret_key;
        Stripe::new(self.transport(), self.clock.clone(), SeededIds::new(2), "http://stripe.test", key)
    }

    pub fn sheets(&self) -> Sheets<Sandboxed, VirtualClock, SeededIds> {
        self.sheets_over(self.transport())
    }

    fn sheets_over<T: Transport>(&self, transport: T) -> Sheets<T, VirtualClock, SeededIds> {
        let account = sandbox::sheets::development_key_file("http://google.test/token").to_string();
        let account = ServiceAccount::from_json(&account).unwrap();
        let (clock, ids) = (self.clock.clone(), SeededIds::new(4));
        Sheets::new(transport, clock, ids, "http://google.test", account, SPREADSHEET, "Orders")
    }

    /// How many mails SendGrid took.
    pub fn mails(&self) -> usize {
        self.sandbox.lock().sendgrid.mails().len()
    }

    /// What stands in the sheet's rows, the header left out.
    pub fn rows(&self) -> Vec<(u32, google_sheets::Row)> {
        self.clock.clone().run(self.sheets().read_rows(2..=20, self.deadline())).unwrap()
    }
}

/// What functions are told in this world.
fn functions_settings(sandbox: &Shared) -> suite::Settings {
    let now = Timestamp::parse(NOON).unwrap();
    let sendgrid = json!({ "public_key": SENDGRID_KEY });
    let own = [signing_secrets(&["whsec_sample"]), (secrets::SENDGRID_WEBHOOK, sendgrid)];
    suite::Settings {
        mail_from: "Sample shop <shop@example.com>".parse().unwrap(),
        public_url: "https://shop.example".to_owned(),
        spreadsheet_id: SPREADSHEET.to_owned(),
        ..environment::settings(sandbox, now, own)
    }
}

/// What the samples' links are signed with.
pub const LINK_KEYS: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="]}"#;

pub fn link_keys() -> LinkKeys {
    serde_json::from_str(LINK_KEYS).unwrap()
}

/// The order that every sample names.
pub fn order_id() -> OrderId {
    let key: IdempotencyKey = "sample-order".parse().unwrap();
    OrderId::derived(CustomerId::from_uuid(Uuid::from_u128(1)), &key)
}

pub fn total() -> Money {
    Money::new(2500, "eur".parse().unwrap())
}

/// A sample event's JSON: `events/<function>/<case>.json`.
pub fn sample(function: &str, case: &str) -> Value {
    let path = format!("{}/../events/{function}/{case}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// The cases that a function has samples of.
pub fn cases(function: &str) -> Vec<String> {
    let folder = format!("{}/../events/{function}", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut cases: Vec<_> = names.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
    cases.sort();
    cases
}
