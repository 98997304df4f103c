//! What a new stack begins with: a small catalogue, put there over the API as an administrator would, and the demo
//! people's accounts.

use std::time::Duration;

use auth::Role;
use http::Method;
use resilience::HttpClientError;
use serde_json::{Value, json};

use crate::account::{self, AccountError, Person};
use crate::accounts::{Accounts, AccountsError, PASSWORD, PEOPLE};
use crate::http::{Answer, Http, HttpError};

/// Sku, name, price in euro cents, in dollar cents and in yen, stock.
const PRODUCTS: [(&str, &str, i64, i64, i64, u32); 12] = [
    ("mug-blue", "Blue mug", 1_450, 1_590, 2_300, 10_000),
    ("mug-white", "White mug", 1_350, 1_490, 2_150, 10_000),
    ("tea-earl-grey", "Earl Grey, 250 g", 890, 990, 1_400, 10_000),
    ("tea-sencha", "Sencha, 100 g", 1_290, 1_390, 1_980, 10_000),
    ("tea-rooibos", "Rooibos, 250 g", 750, 850, 1_200, 10_000),
    ("teapot-iron", "Iron teapot", 4_900, 5_400, 7_800, 10_000),
    ("teapot-glass", "Glass teapot", 2_990, 3_290, 4_700, 10_000),
    ("strainer-steel", "Steel strainer", 650, 720, 1_000, 10_000),
    ("caddy-tin", "Tin tea caddy", 1_190, 1_290, 1_900, 10_000),
    ("tray-oak", "Oak tray", 3_250, 3_500, 5_100, 10_000),
    ("cosy-wool", "Woollen tea cosy", 1_890, 1_990, 2_900, 25),
    ("voucher-gift", "Gift voucher", 2_500, 2_500, 4_000, 10_000),
];

/// Why a stack cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The administrator has no token.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] HttpClientError),
    /// The API does not answer.
    #[error("cannot put product {sku}")]
    NoAnswer {
        /// Which one.
        sku: &'static str,
        /// Why.
        #[source]
        source: HttpError,
    },
    /// The API says no.
    #[error("cannot put product {sku}: {status} {body}")]
    Refused {
        /// Which one.
        sku: &'static str,
        /// HTTP status.
        status: u16,
        /// What the API says.
        body: Value,
    },
    /// A demo account cannot be made.
    #[error("there are no demo accounts")]
    People(#[from] AccountError),
}

/// Puts the products where they lack. What is there stays as it is.
///
/// # Errors
///
/// The API is not reached, or refuses.
pub async fn catalogue(api_url: &str, accounts: &Accounts) -> Result<(), SeedError> {
    let http = Http::new()?;
    let known = known(&http, api_url).await;
    let authorization = format!("Bearer {}", accounts.token(Role::Admin, None, Duration::from_mins(5))?);
    for (sku, name, euro, dollar, yen, stock) in PRODUCTS {
        if known.iter().any(|there| there == sku) {
            continue;
        }
        let product = json!({ "name": name, "prices": { "EUR": euro, "USD": dollar, "JPY": yen }, "stock": stock });
        let (url, headers) = (format!("{api_url}/v1/products/{sku}"), [("authorization", authorization.as_str())]);
        let body = Some(("application/json", product.to_string()));
        let answer = http.send(Method::PUT, &url, &headers, body).await;
        let Answer { status, body, .. } = answer.map_err(|source| SeedError::NoAnswer { sku, source })?;
        if !(200..300).contains(&status) {
            return Err(SeedError::Refused { sku, status, body });
        }
    }
    Ok(())
}

/// Creates the missing demo accounts. An email address that another account has stays with it.
///
/// # Errors
///
/// The table is not reached, or refuses.
pub async fn people(accounts: &impl store::Accounts) -> Result<(), SeedError> {
    for (role, id, email) in PEOPLE {
        let (id, email) = (id.parse().map_err(AccountError::from)?, email.parse().map_err(AccountError::from)?);
        if accounts.account(id).await.map_err(AccountError::from)?.is_some() {
            continue;
        }
        match account::add(accounts, &Person { id, role, email, password: PASSWORD.to_owned() }).await {
            Ok(()) | Err(AccountError::Taken) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The existing skus; `None` when the list cannot be read, and putting the products then reports why.
async fn known(http: &Http, api_url: &str) -> Vec<String> {
    let Ok(list) = http.get(&format!("{api_url}/v1/products?limit=100"), &[]).await else { return vec![] };
    list.body["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|product| product["sku"].as_str().map(str::to_owned))
        .collect()
}
