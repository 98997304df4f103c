//! The users of the credentials: a signed-in person, a service, and Stripe.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use http::Method;
use resilience::{Clock as _, Ids as _, RandomIds, SystemClock};
use sandbox::stripe::signature;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{DrillError, LASTS};
use crate::accounts::{PASSWORD, PEOPLE};
use crate::http::{Answer, Http, HttpError};
use crate::sign_in::SignIn;
use crate::stack::Stack;

/// Between two requests of the same caller.
const PAUSE: Duration = Duration::from_millis(200);
/// How often the person takes new tokens.
const RENEW: Duration = Duration::from_secs(2);

/// What one kind of caller met.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    /// Valid requests.
    pub sent: usize,
    /// The statuses of those that were refused.
    pub refused: Vec<u16>,
}

/// The access tokens that a person held.
pub struct HeldTokens {
    /// Before anything changed.
    pub first: String,
    /// After everything had.
    pub last: String,
}

/// Steady load, until it is ended.
pub struct Load {
    http: Http,
    sign_in: SignIn,
    api_url: String,
    /// Good ones.
    pub api_keys: RefCell<Vec<String>>,
    /// What Stripe signs with.
    pub webhook_secrets: RefCell<Vec<String>>,
    people: RefCell<Refusals>,
    services: RefCell<Refusals>,
    stripe: RefCell<Refusals>,
    asked: Cell<usize>,
    is_over: Cell<bool>,
}

impl Load {
    /// A load that is not running yet.
    pub fn new(stack: &Stack) -> Result<Self, DrillError> {
        Ok(Self {
            http: Http::new()?,
            sign_in: SignIn::new(stack)?,
            api_url: stack.api_url.clone(),
            api_keys: RefCell::default(),
            webhook_secrets: RefCell::default(),
            people: RefCell::default(),
            services: RefCell::default(),
            stripe: RefCell::default(),
            asked: Cell::new(0),
            is_over: Cell::new(false),
        })
    }

    /// Stops all of them.
    pub fn end(&self) {
        self.is_over.set(true);
    }

    /// The refusals that each of them got.
    pub fn refusals(&self) -> [(&'static str, Refusals); 3] {
        [("people", &self.people), ("services", &self.services), ("Stripe", &self.stripe)]
            .map(|(who, refusals)| (who, refusals.borrow().clone()))
    }

    /// A person signs in, refreshes the tokens, and uses the oldest valid one as well as the newest.
    pub async fn people(&self) -> Result<HeldTokens, DrillError> {
        let (_, _, email) = PEOPLE[0];
        let mut tokens = self.sign_in.login(email, PASSWORD).await?;
        let first = tokens.access_token.clone();
        let mut held = VecDeque::from([(Instant::now(), first.clone())]);
        while !self.is_over.get() {
            if held.back().is_some_and(|(since, _)| since.elapsed() >= RENEW) {
                tokens = self.sign_in.refresh(&tokens.refresh_token).await?;
                held.push_back((Instant::now(), tokens.access_token.clone()));
            }
            held.retain(|(since, _)| since.elapsed() < LASTS);
            for (_, token) in [held.front(), held.back()].into_iter().flatten() {
                record(&self.people, self.person(token).await?, 200);
            }
            sleep(PAUSE).await;
        }
        Ok(HeldTokens { first, last: tokens.access_token })
    }

    /// A service uses each of its keys.
    pub async fn services(&self) -> Result<(), DrillError> {
        while !self.is_over.get() {
            let keys = self.api_keys.borrow().clone();
            for key in &keys {
                record(&self.services, self.service(key).await?, 200);
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Stripe sends events that concern no order.
    pub async fn webhooks(&self) -> Result<(), DrillError> {
        while !self.is_over.get() {
            let secrets = self.webhook_secrets.borrow().clone();
            record(&self.stripe, self.webhook(&secrets).await?, 200);
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// A person's request; its status.
    pub async fn person(&self, token: &str) -> Result<u16, DrillError> {
        Ok(self.send(Method::GET, "/v1/me", &self.bearer(token), None).await?.status)
    }

    /// A service's request; its status.
    pub async fn service(&self, key: &str) -> Result<u16, DrillError> {
        Ok(self.send(Method::GET, "/v1/orders?limit=1", &self.bearer(key), None).await?.status)
    }

    /// Stripe's message, signed with these secrets; the answer's status.
    pub async fn webhook(&self, secrets: &[String]) -> Result<u16, DrillError> {
        let now = SystemClock.now();
        let id = format!("evt_{}", RandomIds.fresh().simple());
        let body = json!({
            "id": id, "object": "event", "api_version": "2026-10-28.endive", "created": now.seconds(),
            "type": "customer.created", "livemode": false, "data": { "object": { "id": "cus_1", "object": "customer" } },
        })
        .to_string();
        let signature = signature(now, body.as_bytes(), secrets.iter().map(String::as_str));
        let url = format!("{}/v1/webhooks/stripe", self.api_url);
        let headers = [("stripe-signature", signature.as_str())];
        Ok(self.http.send(Method::POST, &url, &headers, Some(("application/json", body))).await?.status)
    }

    /// A request of the API.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        authorization: &str,
        body: Option<Value>,
    ) -> Result<Answer, HttpError> {
        let url = format!("{}{path}", self.api_url);
        let body = body.map(|body| ("application/json", body.to_string()));
        self.http.send(method, &url, &[("authorization", authorization)], body).await
    }

    /// The header, written differently each time, in letters big and small and with more blanks: API Gateway keeps the
    /// authorizer's answer for a minute, by the header's text, and would go on taking what was refused meanwhile.
    fn bearer(&self, credential: &str) -> String {
        let asked = self.asked.replace(self.asked.get() + 1);
        let letter = |(place, letter): (usize, char)| {
            if asked >> place & 1 == 0 { letter } else { letter.to_ascii_uppercase() }
        };
        let scheme: String = "bearer".chars().enumerate().map(letter).collect();
        let blanks = " ".repeat(1 + (asked >> scheme.len()));
        format!("{scheme}{blanks}{credential}")
    }
}

fn record(refusals: &RefCell<Refusals>, status: u16, wanted: u16) {
    let mut refusals = refusals.borrow_mut();
    refusals.sent += 1;
    if status != wanted {
        refusals.refused.push(status);
    }
}
