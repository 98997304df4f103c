//! An account from its making to its end, and signing in with an OpenID provider.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::call::{Call, text_of};
use super::world::World;
use super::{BenchError, orders};
use crate::accounts::{OPENID_PROVIDER, WEB_APP};

/// Everything that follows from a call happens within it.
const SOON: Duration = Duration::from_mins(10);
/// The last round of an erasure included.
const ERASED: Duration = Duration::from_hours(1);
const EMAIL: &str = "dora@example.com";
const PASSWORD: &str = "tea for two, please";
const NEW_PASSWORD: &str = "two teas for dora";
const NEWEST_PASSWORD: &str = "coffee for a change";

/// The calls, one after the other.
pub async fn calls(world: &mut World) -> Result<(), BenchError> {
    world.begin("An account");
    set_up(world).await?;
    let token = sessions(world).await?;
    passwords(world, &token).await?;
    openid(world).await?;
    erased(world).await
}

async fn set_up(world: &mut World) -> Result<(), BenchError> {
    let account = json!({ "email": EMAIL, "password": PASSWORD });
    world.call(&Call { status: 202, ..post("POST /v1/auth/register", &account) }).await?;
    world.settle(SOON).await?;
    let body = json!({ "token": mailed_token(world)?, "password": PASSWORD });
    world.call(&post("POST /v1/auth/verify-email", &body)).await?;
    world.settle(SOON).await
}

/// Returns an access token.
async fn sessions(world: &mut World) -> Result<String, BenchError> {
    let account = json!({ "email": EMAIL, "password": PASSWORD });
    let signed_in = world.call(&post("POST /v1/auth/login", &account)).await?;
    let body = json!({ "refresh_token": text_of(&signed_in, "/refresh_token")? });
    let refreshed = world.call(&post("POST /v1/auth/refresh-token", &body)).await?;
    let token = text_of(&refreshed, "/access_token")?;
    world.call(&Call { token: Some(&token), ..Call::new("GET /v1/me", "/v1/me") }).await?;
    let body = json!({ "refresh_token": text_of(&refreshed, "/refresh_token")? });
    world.call(&Call { status: 204, ..post("POST /v1/auth/logout", &body) }).await?;
    Ok(token)
}

async fn passwords(world: &mut World, token: &str) -> Result<(), BenchError> {
    let body = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    world.call(&Call { token: Some(token), ..post("POST /v1/auth/change-password", &body) }).await?;
    world.settle(SOON).await?;
    let body = json!({ "email": EMAIL });
    world.call(&Call { status: 202, ..post("POST /v1/auth/request-password-reset", &body) }).await?;
    world.settle(SOON).await?;
    let body = json!({ "token": mailed_token(world)?, "new_password": NEWEST_PASSWORD });
    world.call(&Call { status: 204, ..post("POST /v1/auth/reset-password", &body) }).await?;
    world.settle(SOON).await
}

async fn openid(world: &mut World) -> Result<(), BenchError> {
    world.begin("Signing in with an OpenID provider, for the first time");
    let path = format!("/v1/auth/oauth/{OPENID_PROVIDER}/start?return_to=/orders");
    let begun = world.call(&Call { status: 303, ..Call::new("GET /v1/auth/oauth/{provider}/start", &path) }).await?;
    let (page, cookie) = (header_of(&begun, "location")?, header_of(&begun, "set-cookie")?);
    let (endpoint, query) = page.split_once('?').ok_or(BenchError::Missing("the provider's page"))?;
    let form = format!("{query}&email=emil%40example.com&email_verified=true");
    // The provider's code is valid for a minute, so the pause comes before it.
    world.pause();
    let sent_back = header_of(&world.ask_provider(endpoint, "", form).await?, "location")?;
    let path = sent_back.find("/v1/").and_then(|at| sent_back.get(at..)).ok_or(BenchError::Missing("the way back"))?;
    let headers = [("cookie", cookie.split(';').next().unwrap_or_default())];
    let callback = Call::new("GET /v1/auth/oauth/{provider}/callback", path);
    let answer = world.call_at_once(&Call { headers: &headers, status: 303, ..callback }).await?;
    if header_of(&answer, "location")? != format!("{WEB_APP}/orders") {
        return Err(BenchError::Missing("the session"));
    }
    world.settle(SOON).await
}

/// The account is deleted; its one order is cancelled and erased.
async fn erased(world: &mut World) -> Result<(), BenchError> {
    let account = json!({ "email": EMAIL, "password": NEWEST_PASSWORD });
    let signed_in = world.ask(&post("POST /v1/auth/login", &account)).await?;
    let token = text_of(&signed_in, "/access_token")?;
    orders::unpaid_order(world, &token).await?;
    world.begin("An account is erased that has one order, not yet paid");
    let body = account_body();
    world.call(&Call { token: Some(&token), status: 202, ..post("POST /v1/me/erase", &body) }).await?;
    world.settle(ERASED).await
}

fn account_body() -> Value {
    json!({ "email": EMAIL, "password": NEWEST_PASSWORD })
}

fn post<'a>(route: &'a str, body: &'a Value) -> Call<'a> {
    Call { body: Some(body), ..Call::new(route, route.strip_prefix("POST ").unwrap_or(route)) }
}

/// The token of the link in the newest mail.
fn mailed_token(world: &World) -> Result<String, BenchError> {
    let mail = world.newest_mail();
    let (_, rest) = mail.split_once("#token=").ok_or(BenchError::Missing("the mail's link"))?;
    let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)));
    Ok(rest[..end.unwrap_or(rest.len())].to_owned())
}

fn header_of(answer: &Response<Bytes>, name: &'static str) -> Result<String, BenchError> {
    let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
    value.map(str::to_owned).ok_or(BenchError::Missing(name))
}
