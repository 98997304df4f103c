//! The secret that Stripe signs webhooks with. While it is rolled, Stripe signs with the old and the new one, and we
//! take either.

use std::time::Duration;

use domain::Timestamp;
use http::Method;
use resilience::{Clock as _, SystemClock};
use serde_json::{Value, json};
use suite::secrets::{STRIPE, STRIPE_WEBHOOK};

use super::RotateError;
use crate::http::Http;
use crate::secret_store::{SecretStore, SecretStoreError};

/// Beside the secrets: from when on only the first one counts.
const OLD_UNTIL: &str = "old_signing_secrets_until";
const SECRETS: &str = "signing_secrets";

/// Rolls the secret of the sandbox's endpoint as Stripe's dashboard does, and takes the new one up. Should this end in
/// between, Stripe signs with the old one as well until the overlap ends: rolling again mends it.
pub async fn roll_at_sandbox(
    secret_store: &SecretStore,
    sandbox_url: &str,
    overlap: Duration,
) -> Result<String, RotateError> {
    let http = Http::new()?;
    let keys: Value = secret_store.read(STRIPE).await?.ok_or(SecretStoreError::Shape(STRIPE))?;
    let authorization = format!("Bearer {}", keys["api_key"].as_str().unwrap_or_default());
    let endpoints =
        http.get(&format!("{sandbox_url}/v1/webhook_endpoints"), &[("authorization", &authorization)]).await?;
    let id = endpoints.body["data"][0]["id"].as_str().ok_or(RotateError::Sandbox(endpoints.status))?;
    let url = format!("{sandbox_url}/_sandbox/stripe/webhook_endpoints/{id}/roll_secret");
    let body = json!({ "expires_in": overlap.as_secs() });
    let rolled = http.send(Method::POST, &url, &[], Some(("application/json", body.to_string()))).await?;
    let secret = rolled.body["secret"].as_str().ok_or(RotateError::Sandbox(rolled.status))?;
    take_up(secret_store, secret, overlap).await?;
    Ok(secret.to_owned())
}

/// Takes up a secret that Stripe has made, in front of the present ones.
pub async fn take_up(secret_store: &SecretStore, secret: &str, overlap: Duration) -> Result<(), RotateError> {
    let present = secret_store.read(STRIPE_WEBHOOK).await?.unwrap_or_else(|| json!({}));
    Ok(secret_store.write(STRIPE_WEBHOOK, &with(present, secret, SystemClock.now().plus(overlap))).await?)
}

/// Forgets the secrets that Stripe signs with no more; answers how many. `lasts`: how long a signature counts.
pub async fn prune(secret_store: &SecretStore, lasts: Duration) -> Result<usize, RotateError> {
    let Some(present) = secret_store.read::<Value>(STRIPE_WEBHOOK).await? else { return Ok(0) };
    let (kept, dropped) = pruned(present, lasts, SystemClock.now());
    if dropped > 0 {
        secret_store.write(STRIPE_WEBHOOK, &kept).await?;
    }
    Ok(dropped)
}

fn with(mut present: Value, secret: &str, old_until: Timestamp) -> Value {
    let old = present[SECRETS].as_array().cloned().unwrap_or_default();
    let others = old.into_iter().filter(|other| other != secret);
    present[SECRETS] = std::iter::once(json!(secret)).chain(others).collect();
    present[OLD_UNTIL] = json!(old_until);
    present
}

fn pruned(mut present: Value, lasts: Duration, now: Timestamp) -> (Value, usize) {
    let until = present[OLD_UNTIL].as_str().and_then(|text| Timestamp::parse(text).ok());
    let count = present[SECRETS].as_array().map_or(0, Vec::len);
    if count < 2 || until.is_none_or(|until| now < until.plus(lasts)) {
        return (present, 0);
    }
    present[SECRETS] = json!([present[SECRETS][0]]);
    if let Some(fields) = present.as_object_mut() {
        fields.remove(OLD_UNTIL);
    }
    (present, count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_secrets_count_until_what_the_old_one_signed_is_too_old() {
        let (at, lasts) = (Timestamp::from_seconds, Duration::from_mins(5));
        let first = json!({ "signing_secrets": ["one"] });
        assert_eq!(pruned(first.clone(), lasts, at(9_999)).1, 0);
        let both = with(first, "two", at(1_000));
        assert_eq!(both["signing_secrets"], json!(["two", "one"]));
        assert_eq!(with(both.clone(), "two", at(1_000)), both, "a second time changes nothing");
        assert_eq!(pruned(both.clone(), lasts, at(1_299)).1, 0);
        let (one, dropped) = pruned(both, lasts, at(1_300));
        assert_eq!((one, dropped), (json!({ "signing_secrets": ["two"] }), 1));
    }
}
