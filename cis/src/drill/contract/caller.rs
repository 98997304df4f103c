//! Who calls, and what there is for them to find.

use std::time::Duration;

use auth::Role;
use domain::Scope;
use resilience::{Ids as _, RandomIds};
use serde_json::{Value, json};

use crate::accounts::{Accounts, OPENID_PROVIDER};
use crate::drill::DrillError;
use crate::http::Http;
use crate::shop::{Shop, ShopError, accepted};
use crate::stack::Stack;

/// Longer than any drill.
const TOKEN_LIFETIME: Duration = Duration::from_hours(4);
/// Orders placed for a caller; every second one is paid.
const ORDERS: usize = 6;
/// A card that Stripe takes.
const CARD: &str = "pm_card_visa";

/// A kind of caller.
pub struct Caller {
    /// What the drill calls them.
    pub name: &'static str,
    /// Access token or API key.
    pub token: String,
    orders: Vec<String>,
    key_id: String,
}

impl Caller {
    /// The hooks' input.
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("CONTRACT_ORDERS", self.orders.join(",")),
            ("CONTRACT_KEY", self.key_id.clone()),
            ("CONTRACT_PROVIDER", OPENID_PROVIDER.to_owned()),
        ]
    }
}

/// A customer, staff, an administrator, and a service that may do all that services may.
///
/// # Errors
///
/// An order or the service's key is refused.
pub async fn everybody(stack: &Stack) -> Result<Vec<Caller>, DrillError> {
    let accounts = Accounts::load()?;
    let token = |role| accounts.token(role, None, TOKEN_LIFETIME);
    let (key_id, key) = key(stack, &token(Role::Admin)?).await?;
    let shop = Shop::seen_by(stack, Role::Customer)?;
    let theirs = orders(&shop).await?;
    let services = orders(&shop.with_token(key.clone())).await?;
    let caller =
        |name, token, orders: &[String]| Caller { name, token, orders: orders.to_vec(), key_id: key_id.clone() };
    Ok(vec![
        caller("customer", token(Role::Customer)?, &theirs),
        caller("staff", token(Role::Staff)?, &theirs),
        caller("admin", token(Role::Admin)?, &theirs),
        caller("service", key, &services),
    ])
}

/// An API key with every scope: its id and its text.
async fn key(stack: &Stack, admin: &str) -> Result<(String, String), DrillError> {
    let body = json!({"name": "contract drill", "scopes": Scope::ALL.map(Scope::as_str), "expires_in_days": 1});
    let authorization = format!("Bearer {admin}");
    let url = format!("{}/v1/api-keys", stack.api_url);
    let answer = Http::new()?.post(&url, &[("authorization", &authorization)], &body).await;
    let made = accepted("make an API key", answer)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok((text(&made["key_id"]), text(&made["api_key"])))
}

async fn orders(shop: &Shop) -> Result<Vec<String>, ShopError> {
    let mut orders = vec![];
    for number in 0..ORDERS {
        let placed = shop.place(&RandomIds.fresh().simple().to_string(), "ada@example.com").await?;
        if let Some(secret) = placed.client_secret.filter(|_| number % 2 == 0) {
            shop.pay(&secret, CARD).await?;
        }
        orders.push(placed.order_id);
    }
    Ok(orders)
}
