//! The wiring of every function: what its `main` does on Lambda, with the suite's sides of the seams.

use std::time::Duration;

use api::{ApiError, Class, Edge};
use auth::TokenRules;
use aws_lambda_events::event::sqs::SqsEvent;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::MailPatience;
use edge::authorizer::Checks;
use email::send_email::{Known, LEASE, Sender};
use lambda_http::http::header::SET_COOKIE;
use lambda_http::{Body, Context, Request, RequestExt as _, Response};
use mail::{SendGrid, Shop, WebhookKey};
use payments::reconcile_payments::{Reconciler, Rules};
use resilience::{Clock, Deadline, Ids, Transport};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use settings::FixedSecrets;

use crate::call::CallError;
use crate::endpoints;
use crate::gate::{BusGate, StoreGate};
use crate::ports::Stores;
use crate::suite::Suite;

/// Every function that the suite can call, by name. A test holds it against the template.
pub const FUNCTIONS: [&str; 45] = [
    "account-stream",
    "authorizer",
    "cancel-order",
    "change-password",
    "confirm-payment",
    "create-api-key",
    "create-order",
    "create-payment-intent",
    "erase-me",
    "erase-orders",
    "expire-orders",
    "fulfil-order",
    "get-health",
    "get-jwks",
    "get-me",
    "get-openapi",
    "get-order",
    "get-order-history",
    "list-api-keys",
    "list-orders",
    "list-products",
    "login",
    "logout",
    "mark-invoice-paid",
    "notice-expiring-keys",
    "oauth-callback",
    "oauth-start",
    "order-stream",
    "put-product",
    "reconcile-payments",
    "refresh-token",
    "refund-order",
    "register",
    "request-password-reset",
    "reset-password",
    "resolve-review",
    "revoke-api-key",
    "send-email",
    "sendgrid-webhook",
    "settle-payment",
    "stripe-webhook",
    "sync-sheet",
    "unknown-route",
    "update-order",
    "verify-email",
];

/// How long a function works on an invocation that may last for `timeout`, as in its `main`.
pub fn budget(function: &str, timeout: Duration) -> Duration {
    match function {
        "erase-orders" => timeout.saturating_sub(orders::erase_orders::RESERVE),
        "expire-orders" => timeout.saturating_sub(orders::expire_orders::RESERVE),
        "notice-expiring-keys" => timeout.saturating_sub(accounts::notice_expiring_keys::RESERVE),
        "reconcile-payments" => timeout.saturating_sub(payments::reconcile_payments::RESERVE),
        "settle-payment" => timeout.saturating_sub(payments::settle_payment::RESERVE),
        "send-email" => timeout.saturating_sub(email::send_email::RESERVE),
        "sync-sheet" => timeout.saturating_sub(sheets::sync_sheet::RESERVE),
        "sendgrid-webhook" => email::sendgrid_webhook::BUDGET,
        "stripe-webhook" => payments::stripe_webhook::BUDGET,
        // The API's functions keep their reserve themselves.
        _ => timeout,
    }
}

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Runs a function's own handler on an event, whether it is replaced or not.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub async fn handle(&self, function: &str, event: Value, deadline: Deadline) -> Result<Value, CallError> {
        match function {
            "authorizer" => self.authorizer(event).await,
            "account-stream" => {
                let bus = &BusGate::new(&self.bus, &self.gate, function);
                result(&accounts::account_stream::handle(bus, bus, &event).await)
            }
            "expire-orders" => {
                let stripe = self.secrets.stripe_unless_down().await.map(|keys| self.clients.stripe(&keys));
                let store = &StoreGate::new(&self.store, &self.gate);
                let done =
                    orders::expire_orders::handle(store, store, stripe.as_ref(), &self.clock, &self.ids, deadline)
                        .await;
                result(&done.map_err(start)?)
            }
            "notice-expiring-keys" => {
                let store = &StoreGate::new(&self.store, &self.gate);
                let told = accounts::notice_expiring_keys::handle(store, &self.clock, &self.ids, deadline).await;
                result(&told.map_err(start)?)
            }
            "reconcile-payments" => {
                let stripe = &self.clients.stripe(&*self.secrets.stripe.get().await.map_err(start)?);
                let orders = &StoreGate::new(&self.store, &self.gate);
                let (clock, ids, rules) = (&self.clock, &self.ids, Rules::DEFAULT);
                let reconciler = Reconciler { orders, stripe, clock, ids, rules };
                result(&payments::reconcile_payments::handle(&reconciler, orders, deadline).await.map_err(start)?)
            }
            "order-stream" => {
                let bus = &BusGate::new(&self.bus, &self.gate, function);
                result(&orders::order_stream::handle(bus, bus, &event).await)
            }
            "erase-orders" | "send-email" | "settle-payment" | "sync-sheet" => {
                self.consumer(function, read(event)?, deadline).await
            }
            _ => {
                let endpoint = endpoints::of(function).ok_or_else(|| CallError::Unknown(function.to_owned()))?;
                let guards = StoreGate::new(&self.store, &self.gate);
                let edge = Edge { guards, clock: &self.clock, scale: self.settings.rate_limit_scale };
                let handler = async |request| match endpoint.class {
                    Class::Webhook => self.webhook(function, request, deadline).await,
                    _ => self.endpoint(function, request).await,
                };
                Ok(answer(api::respond(&edge, endpoint, request(event, deadline)?, handler).await))
            }
        }
    }

    async fn authorizer(&self, event: Value) -> Result<Value, CallError> {
        let api_keys = &StoreGate::new(&self.store, &self.gate);
        let (token_keys, rules) = (&self.secrets.token_keys, &TokenRules::default());
        let checks = &Checks { token_keys, rules, api_keys, clock: &self.clock };
        result(&edge::authorizer::handle(checks, read(event)?).await.map_err(start)?)
    }

    async fn consumer(&self, function: &str, batch: SqsEvent, deadline: Deadline) -> Result<Value, CallError> {
        let (clock, ids, clients) = (&self.clock, &self.ids, &self.clients);
        let store = &StoreGate::new(&self.store, &self.gate);
        let response = match function {
            "erase-orders" => orders::erase_orders::handle(store, clock, ids, deadline, batch).await,
            "send-email" => {
                let sendgrid = clients.sendgrid(&*self.secrets.sendgrid.get().await.map_err(start)?);
                let known = Known { orders: store, accounts: store, mails: store };
                email::send_email::handle(known, self.sender(&sendgrid), clock, ids, deadline, batch).await
            }
            "settle-payment" => {
                let stripe = clients.stripe(&*self.secrets.stripe.get().await.map_err(start)?);
                payments::settle_payment::handle(store, &stripe, clock, ids, deadline, batch).await
            }
            _ => {
                let spreadsheet = &self.settings.spreadsheet_id;
                sheets::sync_sheet::handle(store, store, &clients.sheets, spreadsheet, clock, deadline, batch).await
            }
        };
        result(&response)
    }

    async fn webhook(&self, function: &str, request: Request, deadline: Deadline) -> Result<api::Response, ApiError> {
        let (clock, ids) = (&self.clock, &self.ids);
        let store = &StoreGate::new(&self.store, &self.gate);
        if function == "stripe-webhook" {
            let keys = self.secrets.stripe.get().await.map_err(internal)?;
            let (stripe, secrets) = (self.clients.stripe(&keys), &keys.webhook_secrets);
            payments::stripe_webhook::handle(store, &stripe, secrets, clock, ids, deadline, request).await
        } else {
            let keys = self.secrets.sendgrid.get().await.map_err(internal)?;
            let key = WebhookKey::from_base64(&keys.webhook_public_key).map_err(internal)?;
            email::sendgrid_webhook::handle(store, &key, clock, ids, deadline, request).await
        }
    }

    async fn endpoint(&self, function: &str, request: Request) -> Result<api::Response, ApiError> {
        let stripe = self.secrets.stripe_unless_down().await.map(|keys| self.clients.stripe(&keys));
        let (clock, ids, stripe) = (&self.clock, &self.ids, stripe.as_ref());
        let store = &StoreGate::new(&self.store, &self.gate);
        match function {
            "cancel-order" => orders::cancel_order::handle(store, clock, ids, request).await,
            "confirm-payment" => payments::confirm_payment::handle(store, stripe, clock, ids, request).await,
            "create-api-key" => accounts::create_api_key::handle(store, clock, ids, request).await,
            "create-order" => {
                let terms = self.settings.payment_terms;
                orders::create_order::handle(store, store, stripe, terms, clock, ids, request).await
            }
            "create-payment-intent" => {
                payments::create_payment_intent::handle(store, stripe, clock, ids, request).await
            }
            "get-health" => edge::get_health::handle(store, request).await,
            "get-openapi" => edge::get_openapi::handle(&request),
            "get-jwks" => edge::get_jwks::handle(&self.secrets.public_keys, request).await,
            "get-order" => orders::get_order::handle(store, request).await,
            "get-order-history" => orders::get_order_history::handle(store, store, store, request).await,
            "list-api-keys" => accounts::list_api_keys::handle(store, request).await,
            "list-orders" => orders::list_orders::handle(store, request).await,
            "list-products" => catalogue::list_products::handle(store, &self.pages, request).await,
            "put-product" => catalogue::put_product::handle(store, clock, request).await,
            "refund-order" => payments::refund_order::handle(store, stripe, clock, ids, request).await,
            "resolve-review" => orders::resolve_review::handle(store, clock, ids, request).await,
            "revoke-api-key" => accounts::revoke_api_key::handle(store, clock, ids, request).await,
            "fulfil-order" => orders::fulfil_order::handle(store, clock, ids, request).await,
            "mark-invoice-paid" => payments::mark_invoice_paid::handle(store, clock, ids, request).await,
            "update-order" => orders::update_order::handle(store, store, stripe, clock, ids, request).await,
            "unknown-route" => edge::unknown_route::handle(request).await,
            _ => self.account_endpoint(function, request).await,
        }
    }

    fn sender<'a, X: Transport, R: Ids>(
        &'a self,
        sendgrid: &'a SendGrid<X, C, R>,
    ) -> Sender<'a, X, C, R, FixedSecrets> {
        let (settings, from) = (&self.settings, &self.settings.mail_from);
        Sender {
            sendgrid,
            from,
            alerts_to: &settings.alert_email,
            shop: Shop::of(from, &settings.public_url),
            link_keys: &self.secrets.links,
            patience: MailPatience { lease: LEASE, evidence: settings.mail_evidence_wait },
        }
    }
}

/// What a function's `main` needs and cannot have.
fn start(error: impl std::error::Error + 'static) -> CallError {
    CallError::Start(error.into())
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> ApiError {
    ApiError::Internal(error.into())
}

fn read<E: DeserializeOwned>(event: Value) -> Result<E, CallError> {
    serde_json::from_value(event).map_err(CallError::Event)
}

/// The request as the function's runtime makes it, with the invocation's deadline.
fn request(event: Value, deadline: Deadline) -> Result<Request, CallError> {
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline.moment().millis()).unwrap_or_default();
    Ok(api::request(read(event)?).with_lambda_context(context))
}

fn result(result: &impl Serialize) -> Result<Value, CallError> {
    serde_json::to_value(result).map_err(CallError::Result)
}

/// The function's answer in payload format 2.0.
fn answer(response: Response<Body>) -> Value {
    let (parts, body) = response.into_parts();
    let text = |value: &lambda_http::http::HeaderValue| json!(String::from_utf8_lossy(value.as_bytes()));
    let (cookies, headers): (Vec<_>, Vec<_>) = parts.headers.iter().partition(|(name, _)| *name == SET_COOKIE);
    let cookies: Vec<_> = cookies.into_iter().map(|(_, value)| text(value)).collect();
    let headers: Map<_, _> = headers.into_iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let (body, is_base64) = match body {
        Body::Text(text) => (text, false),
        Body::Binary(bytes) => (STANDARD.encode(bytes), true),
        _ => (String::new(), false),
    };
    json!({
        "statusCode": parts.status.as_u16(), "headers": headers, "cookies": cookies, "body": body,
        "isBase64Encoded": is_base64,
    })
}
