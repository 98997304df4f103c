//! Credentials change while they are in use: the key that signs tokens, the secret that signs webhooks, and an API key.
//! No authorised caller is refused meanwhile; afterwards the old credentials are invalid.

mod load;

use std::time::Duration;

use auth::Role;
use http::Method;
use resilience::{Clock as _, Ids as _, RandomIds, SystemClock};
use serde_json::{Value, json};
use suite::secrets::STRIPE_WEBHOOK;
use tokio::time::sleep;

use super::{DrillError, Findings};
use crate::accounts::Accounts;
use crate::rotate::{local_window, signing, webhook_secret};
use crate::secret_store::{SecretStore, SecretStoreError};
use crate::shop::accepted;
use crate::stack::Stack;

use load::{Load, Refusals};

/// How long what is replaced stays good here: access tokens last for 15 minutes else, and the others as long as one says.
const LASTS: Duration = Duration::from_secs(20);
/// Before anything changes, and before what was replaced runs out.
const STEADY: Duration = Duration::from_secs(3);
/// By then every function has read the pruned secrets: local stacks cache a secret for a second.
const HEARD: Duration = Duration::from_secs(5);
/// What the API key may do.
const SCOPE: &str = "orders:place";

/// Runs the drill.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn run() -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let secret_store = SecretStore::of(&stack)?;
    let load = Load::new(&stack)?;
    let (old_key, _) = api_key(&load, None).await?;
    let old_secret = webhook_secret(&secret_store).await?;
    load.api_keys.replace(vec![old_key.clone()]);
    load.webhook_secrets.replace(vec![old_secret.clone()]);

    let changes = async {
        let changed = change(&stack, &secret_store, &load, &old_key).await;
        load.end();
        changed
    };
    let (tokens, (), (), (new_key, new_key_id)) =
        tokio::try_join!(load.people(), load.services(), load.webhooks(), changes)?;

    let mut findings = Findings::default();
    for (who, Refusals { sent, refused }) in load.refusals() {
        findings.expect(refused.is_empty() && sent > 0, &format!("{who}: {sent} valid requests, refused: {refused:?}"));
    }
    let forgotten = signing::prune(&secret_store, local_window(), LASTS).await?;
    findings.expect(forgotten == 1, "the old signing key is forgotten once its tokens have run out");
    findings.expect(webhook_secret::prune(&secret_store, STEADY).await? == 1, "so is the old webhook secret");
    sleep(HEARD).await;
    let new_secret = webhook_secret(&secret_store).await?;
    findings.expect(load.person(&tokens.first).await? == 401, "a token of the old signing key is refused");
    findings.expect(load.person(&tokens.last).await? == 200, "one of the new key is taken");
    findings.expect(load.webhook(&[old_secret]).await? == 400, "a webhook with the old secret alone is refused");
    findings.expect(load.webhook(&[new_secret]).await? == 200, "one with the new secret is taken");
    findings.expect(load.service(&old_key).await? == 401, "the replaced API key is refused");
    findings.expect(load.service(&new_key).await? == 200, "the one in its place is taken");
    let path = format!("/v1/api-keys/{new_key_id}");
    let revoked = load.send(Method::DELETE, &path, &admin()?, None).await?.status;
    findings.expect(revoked == 204, "it is revoked");
    findings.expect(load.service(&new_key).await? == 401, "and refused from then on");
    findings.end()
}

/// Changes all three, moves those who use them over before the old ones run out, and waits until they have.
async fn change(
    stack: &Stack,
    secret_store: &SecretStore,
    load: &Load,
    old_key: &str,
) -> Result<(String, String), DrillError> {
    sleep(STEADY).await;
    let rotated = signing::rotate(secret_store, local_window(), LASTS).await?;
    println!("signing key {} signs from {} on", rotated.key, rotated.active_from);
    let old_secrets = load.webhook_secrets.borrow().clone();
    let secret = webhook_secret::roll_at_sandbox(secret_store, &stack.sandbox_url, LASTS).await?;
    // Stripe signs with both while the overlap lasts.
    load.webhook_secrets.replace([secret.clone()].into_iter().chain(old_secrets).collect());
    let (new_key, new_key_id) = api_key(load, Some(old_key)).await?;
    load.api_keys.replace(vec![new_key.clone(), old_key.to_owned()]);
    println!("webhook secret and API key replaced; the old ones last for {} s", LASTS.as_secs());

    sleep(LASTS.saturating_sub(STEADY)).await;
    load.webhook_secrets.replace(vec![secret]);
    load.api_keys.replace(vec![new_key.clone()]);
    let over = rotated.active_from.plus(local_window().forgotten(LASTS));
    sleep(over.since(SystemClock.now())).await;
    Ok((new_key, new_key_id))
}

/// A new API key, in place of another one; with its id.
async fn api_key(load: &Load, replaced: Option<&str>) -> Result<(String, String), DrillError> {
    let name = format!("drill {}", RandomIds.fresh().simple());
    let mut body = json!({ "name": name, "scopes": [SCOPE], "expires_in_days": 1 });
    if let Some(id) = replaced.and_then(id_of) {
        body["replaces"] = json!(id);
        body["overlap_seconds"] = json!(LASTS.as_secs());
    }
    let answer = load.send(Method::POST, "/v1/api-keys", &admin()?, Some(body)).await;
    let made = accepted("create-api-key", answer)?;
    let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
    Ok((text("api_key"), text("key_id")))
}

/// The id in `cis_live_<hex of the id>_<secret>`.
fn id_of(key: &str) -> Option<String> {
    let (hex, _) = key.strip_prefix("cis_live_")?.split_once('_')?;
    Some(format!("key_{hex}"))
}

fn admin() -> Result<String, DrillError> {
    Ok(format!("Bearer {}", Accounts::load()?.token(Role::Admin, None, Duration::from_mins(5))?))
}

/// The one that signs now.
async fn webhook_secret(secret_store: &SecretStore) -> Result<String, DrillError> {
    let stored: Option<Value> = secret_store.read(STRIPE_WEBHOOK).await?;
    let secret = stored.and_then(|stored| stored["signing_secrets"][0].as_str().map(str::to_owned));
    secret.ok_or(SecretStoreError::Shape(STRIPE_WEBHOOK).into())
}
