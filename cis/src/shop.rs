//! The shop from outside: a customer with a browser.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use auth::Role;
use http::Method;
use resilience::{HttpClientError, Ids as _, RandomIds};
use serde_json::{Value, json};

use crate::accounts::{Accounts, AccountsError};
use crate::http::{Answer, Http, HttpError};
use crate::stack::Stack;

mod stack_client;

/// Where the customer lets goods be sent.
const ADDRESS: [(&str, &str); 5] = [
    ("name", "Anna Sample"),
    ("line1", "Münsterplatz 1"),
    ("city", "Ulm"),
    ("postal_code", "89073"),
    ("country", "DE"),
];

/// Why the shop could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// The customer has no token.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] HttpClientError),
    /// No answer came.
    #[error("{0}: no answer")]
    NoAnswer(String, #[source] HttpError),
    /// The answer to a sign-in is something else.
    #[error("there are no tokens in the answer")]
    NoTokens(#[source] serde_json::Error),
    /// The API refused.
    #[error("{what}: {status} {body}")]
    Refused {
        /// What was tried.
        what: String,
        /// HTTP status.
        status: u16,
        /// What it says.
        body: Value,
    },
}

/// How long its tokens are good: longer than any drill.
const TOKEN_LIFETIME: Duration = Duration::from_hours(4);

/// A stack with a customer.
#[derive(Clone, Debug)]
pub struct Shop {
    http: Http,
    accounts: Rc<Accounts>,
    api_url: String,
    sandbox_url: String,
    token: String,
    stripe_keys: (String, String),
}

/// A placed order, as its answer has it.
#[derive(Clone, Debug)]
pub struct PlacedOrder {
    /// `ord_…`
    pub order_id: String,
    /// What the browser needs to pay; none while payment is pending.
    pub client_secret: Option<String>,
}

impl Shop {
    /// The shop as a new customer. Rate limits count requests by customer: for many requests, take
    /// [`another_customer`](Self::another_customer) each time.
    ///
    /// # Errors
    ///
    /// There is no token or no client.
    pub fn new(stack: &Stack) -> Result<Self, ShopError> {
        Self::seen_by(stack, Role::Customer)?.another_customer()
    }

    /// The shop as the role's demo account sees it.
    ///
    /// # Errors
    ///
    /// There is no token or no client.
    pub fn seen_by(stack: &Stack, role: Role) -> Result<Self, ShopError> {
        let stripe = sandbox::Settings::default().stripe;
        let accounts = Accounts::load()?;
        Ok(Self {
            http: Http::new()?,
            api_url: stack.api_url.clone(),
            sandbox_url: stack.sandbox_url.clone(),
            token: accounts.token(role, None, TOKEN_LIFETIME)?,
            accounts: Rc::new(accounts),
            stripe_keys: (stripe.secret_key, stripe.publishable_key),
        })
    }

    /// The same shop with another new customer in front of it.
    ///
    /// # Errors
    ///
    /// There is no token.
    pub fn another_customer(&self) -> Result<Self, ShopError> {
        let id = format!("cus_{}", RandomIds.fresh().simple());
        Ok(self.with_token(self.accounts.token(Role::Customer, Some(&id), TOKEN_LIFETIME)?))
    }

    /// The same shop with another member of staff in front of it.
    ///
    /// # Errors
    ///
    /// There is no token.
    pub fn another_member_of_staff(&self) -> Result<Self, ShopError> {
        let id = format!("usr_{}", RandomIds.fresh().simple());
        Ok(self.with_token(self.accounts.token(Role::Staff, Some(&id), TOKEN_LIFETIME)?))
    }

    /// The same shop with the customer in front of it whose token this is.
    pub fn with_token(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }

    /// Places an order of two packets of tea under this idempotency key, its mails to this address.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn place(&self, key: &str, email: &str) -> Result<PlacedOrder, ShopError> {
        self.place_pieces(key, email, "tea-earl-grey", 2).await
    }

    /// Places an order of this quantity of a product.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn place_pieces(
        &self,
        key: &str,
        email: &str,
        sku: &str,
        quantity: u32,
    ) -> Result<PlacedOrder, ShopError> {
        let order = json!({
            "lines": [{"sku": sku, "quantity": quantity}],
            "currency": "eur",
            "email": email,
            "shipping_address": ADDRESS.into_iter().collect::<BTreeMap<_, _>>(),
        });
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("idempotency-key", key)];
        let url = format!("{}/v1/orders", self.api_url);
        let placed = accepted("place an order", self.http.post(&url, &headers, &order).await)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(PlacedOrder {
            order_id: text(&placed["order_id"]).unwrap_or_default(),
            client_secret: text(&placed["payment"]["client_secret"]),
        })
    }

    /// Asks for the order's payment intent, as a customer does whose first answer said that payment is pending.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn payment_intent(&self, order_id: &str) -> Result<Option<String>, ShopError> {
        let answer = self.ask(Method::POST, &format!("/v1/orders/{order_id}/payment-intent")).await?;
        Ok(answer["payment"]["client_secret"].as_str().map(str::to_owned))
    }

    /// Pays as the browser does: with the publishable key and the intent's client secret.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn pay(&self, client_secret: &str, card: &str) -> Result<Value, ShopError> {
        let intent = client_secret.split("_secret").next().unwrap_or_default();
        let authorization = format!("Bearer {}", self.stripe_keys.1);
        let form = format!(
            "client_secret={client_secret}&payment_method={card}&return_url=https%3A%2F%2Fshop.example%2Fthanks"
        );
        let url = format!("{}/v1/payment_intents/{intent}/confirm", self.sandbox_url);
        let body = Some(("application/x-www-form-urlencoded", form));
        accepted("pay", self.http.send(Method::POST, &url, &[("authorization", &authorization)], body).await)
    }

    /// The order as its customer sees it.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn order(&self, order_id: &str) -> Result<Value, ShopError> {
        self.ask(Method::GET, &format!("/v1/orders/{order_id}")).await
    }

    /// The account in front of the shop.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn me(&self) -> Result<Value, ShopError> {
        self.ask(Method::GET, "/v1/me").await
    }

    /// The entries of an order's history, oldest first.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn history(&self, order_id: &str) -> Result<Vec<Value>, ShopError> {
        let (mut entries, mut cursor) = (vec![], String::new());
        loop {
            let page = self.ask(Method::GET, &format!("/v1/orders/{order_id}/history?limit=100{cursor}")).await?;
            entries.extend(list(&page["items"]));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(entries),
            }
        }
    }

    /// Calls the order off.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn cancel(&self, order_id: &str) -> Result<Value, ShopError> {
        self.ask(Method::POST, &format!("/v1/orders/{order_id}/cancel")).await
    }

    /// Gives part of an order's money back, as staff does; the answer as it is.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn refund(&self, order_id: &str, key: &str, amount: i64) -> Result<Answer, HttpError> {
        let authorization = format!("Bearer {}", self.token);
        let headers = [("authorization", authorization.as_str()), ("idempotency-key", key)];
        let body = json!({ "amount": amount, "reason": "requested_by_customer" });
        self.http.post(&format!("{}/v1/orders/{order_id}/refunds", self.api_url), &headers, &body).await
    }

    /// Puts a product into the catalogue, as an administrator does: its price in euro cents, its pieces.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn put_product(&self, sku: &str, name: &str, euro: i64, stock: u32) -> Result<Value, ShopError> {
        let authorization = format!("Bearer {}", self.accounts.token(Role::Admin, None, TOKEN_LIFETIME)?);
        let body = json!({ "name": name, "prices": { "EUR": euro }, "stock": stock }).to_string();
        let (url, headers) =
            (format!("{}/v1/products/{sku}", self.api_url), [("authorization", authorization.as_str())]);
        let answer = self.http.send(Method::PUT, &url, &headers, Some(("application/json", body))).await;
        accepted("put a product", answer)
    }

    async fn ask(&self, method: Method, path: &str) -> Result<Value, ShopError> {
        let authorization = format!("Bearer {}", self.token);
        let url = format!("{}{path}", self.api_url);
        accepted(path, self.http.send(method, &url, &[("authorization", &authorization)], None).await)
    }
}

/// The body of an answer that is a yes.
///
/// # Errors
///
/// Refused, or no answer.
pub fn accepted(what: &str, answer: Result<Answer, HttpError>) -> Result<Value, ShopError> {
    let answer = answer.map_err(|error| ShopError::NoAnswer(what.to_owned(), error))?;
    match answer.status {
        200..300 => Ok(answer.body),
        status => Err(ShopError::Refused { what: what.to_owned(), status, body: answer.body }),
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
