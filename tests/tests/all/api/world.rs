//! A shop with a few products, and whoever calls its functions.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use api::{Edge, Request, Response};
use bytes::Bytes;
use domain::{
    Actor, Change, CustomerId, DisputeFact, DisputeStatus, IntentFact, IntentStatus, Money, Order, OrderId,
    PaymentFact, PaymentTerms, RefundFact, RefundStatus, Timestamp,
};
use lambda_http::http;
use resilience::{SeededIds, Transport, VirtualClock};
use sandbox::{Fault, FaultKind, Provider, SandboxTransport, Settings, Shared};
use serde_json::{Value, json};
use store::{Catalogue, MemoryStore, ProductEdit, StockEdit};
use stripe::Stripe;
use suite::secrets;
use uuid::Uuid;

use super::openid;
use crate::environment::{self, Warmed, local, warm};

/// Public keys of the samples' tokens; the private side was thrown away.
pub const KEYS: &str = include_str!("token-keys.json");

/// 2026-11-23T12:00:00Z.
pub const NOON: i64 = 1_795_435_200;
pub const ANNA: Who = Who("cus_00000000000000000000000000000001", "customer");
pub const BEN: Who = Who("cus_00000000000000000000000000000002", "customer");
pub const STAFF: Who = Who("usr_0000000000000000000000000000000a", "staff");
pub const ADMIN: Who = Who("usr_0000000000000000000000000000000b", "admin");

/// A caller's id and role, as the authorizer says them.
#[derive(Clone, Copy)]
pub struct Who(pub &'static str, pub &'static str);

type Sandboxed = SandboxTransport<VirtualClock>;
type Client = Stripe<Sandboxed, VirtualClock, SeededIds>;

pub struct World {
    pub store: MemoryStore,
    pub sandbox: Shared,
    pub clock: VirtualClock,
    pub stripe: Client,
    pub ids: SeededIds,
    /// Whether Stripe's key can be read.
    pub has_key: Cell<bool>,
    /// Every rate limit is so many times as large; 0: none.
    pub rate_limit_scale: Cell<u32>,
    /// How long orders wait for their money.
    pub terms: Cell<PaymentTerms>,
    warm: RefCell<(Variation, Rc<Warmed<Sandboxed>>)>,
}

/// The functions by which people and services change an order.
const DECIDES: [&str; 7] = [
    "cancel-order",
    "create-order",
    "fulfil-order",
    "mark-invoice-paid",
    "refund-order",
    "resolve-review",
    "update-order",
];

/// What functions are told that tests change: whether Stripe's key can be read, the limits' scale, the terms.
type Variation = (bool, u32, PaymentTerms);

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct HandlerResponse {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
}

impl HandlerResponse {
    /// The problem's type, without what all types begin with, and the field at fault.
    pub fn problem(&self) -> (u16, &str, Option<&str>) {
        let kind = self.body["type"].as_str().and_then(|uri| uri.strip_prefix("/problems/")).unwrap_or_default();
        (self.status, kind, self.body["field"].as_str())
    }
}

impl World {
    /// A shop that sells mugs and shirts, has no posters left, and has given up caps.
    pub fn new() -> Self {
        let clock = VirtualClock::at(Timestamp::from_seconds(NOON));
        let sandbox = Shared::new(Settings { seed: 1, ..Settings::default() });
        let transport = SandboxTransport::new(sandbox.clone(), clock.clone());
        let key = sandbox.lock().settings().stripe.secret_key.clone();
        let told = (true, 1, PaymentTerms::default());
        let warm = Rc::new(warm(functions_settings(&sandbox, told), transport.clone(), &clock));
        let stripe = Stripe::new(transport, clock.clone(), SeededIds::new(2), "https://stripe.test", key);
        let world = Self {
            warm: RefCell::new((told, warm)),
            store: MemoryStore::new(),
            sandbox,
            clock,
            stripe,
            ids: SeededIds::new(3),
            has_key: Cell::new(true),
            rate_limit_scale: Cell::new(1),
            terms: Cell::new(PaymentTerms::default()),
        };
        world.product("MUG-1", 1250, 10, true);
        world.product("TEE-BLACK-M", 2300, 10, true);
        world.product("POSTER-A2", 900, 0, true);
        world.product("CAP-OLD", 1500, 5, false);
        world
    }

    pub fn product(&self, sku: &str, eur: i64, stock: u32, active: bool) {
        let prices = [("eur", eur), ("usd", eur + 100), ("jpy", eur)];
        let edit = ProductEdit {
            sku: sku.parse().unwrap(),
            name: sku.to_lowercase(),
            prices: prices.map(|(code, amount)| (code.parse().unwrap(), amount)).into(),
            stock: Some(StockEdit::to(stock)),
            active,
            at: Timestamp::from_seconds(NOON),
            by: None,
        };
        self.run(self.store.put(&edit)).unwrap();
    }

    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.clock.run(future)
    }

    /// What is warm, as functions are told now: a process that is told something else starts anew.
    pub fn warm(&self) -> Rc<Warmed<Sandboxed>> {
        let now = (self.has_key.get(), self.rate_limit_scale.get(), self.terms.get());
        let (told, warm) = &mut *self.warm.borrow_mut();
        if *told != now {
            *told = now;
            *warm = Rc::new(self.warm_with(functions_settings(&self.sandbox, now)));
        }
        Rc::clone(warm)
    }

    /// What is warm when access tokens are checked with these keys.
    pub fn warm_with_token_keys(&self, keys: &str) -> Warmed<Sandboxed> {
        let settings = functions_settings(&self.sandbox, (true, 1, PaymentTerms::default()));
        settings.secrets.set(secrets::TOKEN_KEYS, keys);
        self.warm_with(settings)
    }

    fn warm_with(&self, settings: suite::Settings) -> Warmed<Sandboxed> {
        warm(settings, SandboxTransport::new(self.sandbox.clone(), self.clock.clone()), &self.clock)
    }

    /// One call of a function, through everything that Lambda would have it go through.
    pub async fn answer(&self, function: &str, request: Request) -> HandlerResponse {
        let (_, endpoint) = *suite::ENDPOINTS.iter().find(|(name, _)| *name == function).unwrap();
        let warm = self.warm();
        let env = local(self.store.clone(), &warm);
        let edge = Edge { guards: &self.store, clock: &self.clock, scale: self.rate_limit_scale.get() };
        let handler = async |request| suite::request(function, &env, request).await;
        let actor = api::caller(&request).ok().map(|caller| caller.who.actor());
        let before = self.store.stream_since(0).1;
        let answered = read(api::respond(&edge, endpoint, request, handler).await);
        self.check_actor(function, actor, before, &answered);
        answered
    }

    /// What a request decided says who decided it; Stripe's word, which may come of it, has no actor.
    fn check_actor(&self, function: &str, actor: Option<Actor>, before: usize, answered: &HandlerResponse) {
        let correlation_id = answered.headers["x-correlation-id"].to_str().unwrap();
        let (events, _) = self.store.stream_since(before);
        let own: Vec<_> = events.iter().filter(|event| event.correlation_id == correlation_id).collect();
        let is_said = answered.status >= 300
            || own.is_empty()
            || own.iter().any(|event| event.actor.is_some())
            || !DECIDES.contains(&function);
        assert!(is_said, "{function}: {own:?} say nothing of {actor:?}");
    }

    pub fn call(&self, function: &str, request: Request) -> HandlerResponse {
        self.run(self.answer(function, request))
    }

    /// Places an order with this key.
    pub fn place(&self, who: Who, key: &str, body: &Value) -> HandlerResponse {
        self.call("create-order", order_request(who, Some(key), body))
    }

    /// Places an order on invoice, as a service may whose orders are this customer's.
    pub fn place_on_invoice(&self, customer: Who, key: &str) -> HandlerResponse {
        self.call("create-order", invoice_request(customer, "orders:place orders:invoice", key))
    }

    /// Calls a function that is about one order.
    pub fn about(&self, function: &str, who: Who, order: &str) -> HandlerResponse {
        self.call(function, about(who, order))
    }

    pub fn order(&self, id: &str) -> Order {
        let id: OrderId = id.parse().unwrap();
        self.store.all_orders().into_iter().find(|order| order.id == id).unwrap()
    }

    pub fn add_fault(&self, fault: Fault) {
        self.sandbox.lock().faults.add(fault);
    }

    pub fn clear_faults(&self) {
        self.sandbox.lock().faults.clear();
    }

    /// Does at Stripe what somebody else does there: the customer's browser, or people at the dashboard.
    pub fn at_stripe(&self, path: &str, form: &str) -> Value {
        let key = self.sandbox.lock().settings().stripe.secret_key.clone();
        let request = http::Request::post(format!("https://stripe.test/v1/{path}"))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form.to_owned()))
            .unwrap();
        let transport = SandboxTransport::new(self.sandbox.clone(), self.clock.clone());
        let response = self.run(transport.send(request)).unwrap();
        assert!(response.status().is_success(), "{path}: {:?}", response.body());
        serde_json::from_slice(response.body()).unwrap()
    }

    /// The ids of all payment intents at Stripe.
    pub fn intents(&self) -> Vec<String> {
        let deadline = resilience::Deadline::after(&self.clock, Duration::from_mins(1));
        let page = self.run(self.stripe.list_payment_intents(Timestamp::from_seconds(0), None, deadline)).unwrap();
        assert!(!page.has_more);
        page.data.iter().map(|intent| intent.id.clone()).collect()
    }

    /// Changes an order as if other functions had done it.
    pub fn change(&self, order: &str, decide: impl Fn(&Order) -> Option<Change>) {
        let decide = |order: &Order| Ok::<_, std::convert::Infallible>(decide(order));
        let id = order.parse().unwrap();
        self.run(store::update(&self.store, &self.clock, &self.ids, id, None, decide)).unwrap();
    }

    /// Lets a bank take an order's money back for now.
    pub fn dispute(&self, order: &str) {
        let (total, intent) = (self.order(order).total, self.order(order).payment.intent);
        let status = DisputeStatus::NeedsResponse;
        let (seen_at, withdrawn, due_by) = (NOON, None, None);
        let fact = DisputeFact { seen_at, status, withdrawn, amount: total, due_by, intent, id: "du_1".into() };
        self.change(order, |order| {
            order.apply_facts(vec![PaymentFact::Dispute(fact.clone())], "dispute-1", order.updated_at)
        });
    }

    /// Somebody gives all of an order's money back in Stripe's dashboard.
    pub fn refund(&self, order: &str) {
        let (amount, intent) = (self.order(order).total, self.order(order).payment.intent);
        let refund = RefundFact { id: "re_1".into(), status: RefundStatus::Succeeded, amount, intent, action: None };
        self.change(order, |order| {
            order.apply_facts(vec![PaymentFact::Refund(refund.clone())], "refund-1", order.updated_at)
        });
    }

    /// Lets Stripe say that so much more or less than the total came.
    pub fn pay_wrongly(&self, order: &str, surplus: i64) {
        let known = self.order(order);
        let received = Money::new(known.total.amount + surplus, known.total.currency);
        let (id, status, order_id) = (known.payment.intent.unwrap(), IntentStatus::Succeeded, Some(known.id));
        let fact = IntentFact { id, status, seen_at: NOON, created: NOON, amount: received, received, order_id };
        self.change(order, |order| {
            order.apply_facts(vec![PaymentFact::PaymentIntent(fact.clone())], "payment-1", order.updated_at)
        });
    }

    /// Pays an order as a browser does, and comes back from that.
    pub fn pay(&self, order: &str) -> HandlerResponse {
        let intent = self.order(order).payment.intent.unwrap();
        self.at_stripe(
            &format!("payment_intents/{intent}/confirm"),
            "payment_method=pm_card_visa&return_url=https://shop.test",
        );
        self.about("confirm-payment", ANNA, order)
    }
}

/// What functions are told in this world: its own keys, and the providers of [`openid`].
fn functions_settings(sandbox: &Shared, (has_key, rate_limit_scale, payment_terms): Variation) -> suite::Settings {
    let stripe = if has_key { json!({ "api_key": sandbox.lock().settings().stripe.secret_key }) } else { Value::Null };
    let own = [
        (secrets::STRIPE, stripe),
        (secrets::TOKEN_KEYS, serde_json::from_str(KEYS).unwrap()),
        (secrets::OAUTH, openid::providers()),
    ];
    suite::Settings {
        rate_limit_scale,
        payment_terms,
        public_url: openid::WEB.to_owned(),
        api_public_url: openid::API.to_owned(),
        ..environment::settings(sandbox, Timestamp::from_seconds(NOON), own)
    }
}

/// A fault of Stripe's alone.
pub fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind).at(Provider::Stripe)
}

/// A cart of two mugs and a shirt.
pub fn cart() -> Value {
    json!({
        "lines": [{"sku": "MUG-1", "quantity": 2}, {"sku": "TEE-BLACK-M", "quantity": 1}],
        "currency": "eur",
        "shipping_address": {
            "name": "Anna Example", "line1": "Musterweg 1", "city": "Ulm", "postal_code": "89073", "country": "DE"
        },
        "email": "anna@example.com"
    })
}

pub fn order_id(who: Who, key: &str) -> String {
    let customer: CustomerId = who.0.parse().unwrap();
    OrderId::derived(customer, &key.parse().unwrap()).to_string()
}

/// `POST /v1/orders`.
pub fn order_request(who: Who, key: Option<&str>, body: &Value) -> Request {
    let mut event = event(Some(who));
    if let Some(key) = key {
        event["headers"]["idempotency-key"] = key.into();
    }
    event["body"] = body.to_string().into();
    request(event)
}

/// `POST /v1/orders` for an order on invoice, by a service with these scopes.
pub fn invoice_request(customer: Who, scopes: &str, key: &str) -> Request {
    let mut cart = cart();
    cart["payment_method"] = "invoice".into();
    let mut event = event(None);
    event["headers"]["idempotency-key"] = key.into();
    event["requestContext"]["authorizer"] = service(customer, scopes);
    event["body"] = cart.to_string().into();
    request(event)
}

/// What the authorizer says of a service whose orders are this customer's.
pub fn service(customer: Who, scopes: &str) -> Value {
    let key = "key_00000000000000000000000000000001";
    json!({"lambda": {"principal": key, "role": "service", "token_id": key, "scopes": scopes, "customer": customer.0}})
}

/// A request about one order with a body.
pub fn about_with(who: Who, order: &str, body: &Value) -> Request {
    let mut event = event(Some(who));
    event["pathParameters"] = json!({"order_id": order});
    event["body"] = body.to_string().into();
    request(event)
}

/// A request about one order.
pub fn about(who: Who, order: &str) -> Request {
    let mut event = event(Some(who));
    event["pathParameters"] = json!({"order_id": order});
    request(event)
}

pub fn event(who: Option<Who>) -> Value {
    let mut event = json!({
        "version": "2.0",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "JKJaXmPLvHcESHA=",
            "timeEpoch": 0
        }
    });
    if let Some(Who(principal, role)) = who {
        event["requestContext"]["authorizer"] =
            json!({"lambda": {"principal": principal, "role": role, "token_id": "token-1"}});
    }
    event
}

pub fn request(event: Value) -> Request {
    api::request(serde_json::from_value(event).unwrap())
}

pub fn read(response: Response) -> HandlerResponse {
    let (parts, body) = response.into_parts();
    let is_page = parts.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let body = match &body[..] {
        [] => Value::Null,
        page if is_page => String::from_utf8_lossy(page).into(),
        json => serde_json::from_slice(json).unwrap(),
    };
    HandlerResponse { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// An id that no order has.
pub fn unknown_order() -> String {
    OrderId::from_uuid(Uuid::from_u128(99)).to_string()
}
