//! Webhook endpoints and the signature of what is sent to them (docs.stripe.com/webhooks#verify-manually).

use std::collections::BTreeMap;

use domain::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Answer, Context, Endpoint, Stripe, errors::ApiError, events, form::Form, metadata};

/// The most endpoints that Stripe allows.
const MOST_ENDPOINTS: usize = 16;

/// A webhook endpoint as Stripe keeps it.
#[derive(Clone, Debug)]
pub struct WebhookEndpoint {
    pub id: String,
    pub created: i64,
    pub url: String,
    pub enabled_events: Vec<String>,
    pub description: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub enabled: bool,
    pub secrets: Vec<Secret>,
}

/// A signing secret; an old one stays valid for a while after it was rolled.
#[derive(Clone, Debug)]
pub struct Secret {
    pub text: String,
    pub until: Option<Timestamp>,
}

impl WebhookEndpoint {
    /// From the settings; its first secret is the newest.
    pub fn configured(id: String, endpoint: &Endpoint) -> Self {
        let secrets = endpoint.secrets.iter().map(|text| Secret { text: text.clone(), until: None }).collect();
        Self {
            id,
            created: 0,
            url: endpoint.url.clone(),
            enabled_events: endpoint.enabled_events.clone(),
            description: None,
            metadata: BTreeMap::new(),
            enabled: true,
            secrets,
        }
    }

    /// Whether it asked for this event type.
    pub fn wants(&self, kind: &str) -> bool {
        self.enabled && self.enabled_events.iter().any(|pattern| events::matches(pattern, kind))
    }

    fn view(&self, api_version: &str) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": api_version,
            "application": null,
            "created": self.created,
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.enabled { "enabled" } else { "disabled" },
            "url": self.url,
        })
    }
}

/// The value of `Stripe-Signature`: one `v1` for each secret.
pub fn signature<'a>(now: Timestamp, body: &[u8], secrets: impl Iterator<Item = &'a str>) -> String {
    let mut header = format!("t={}", now.seconds());
    for secret in secrets {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { continue };
        mac.update(format!("{}.", now.seconds()).as_bytes());
        mac.update(body);
        header.push_str(",v1=");
        header.push_str(&hex::encode(mac.finalize().into_bytes()));
    }
    header
}

impl Stripe {
    pub(super) fn webhook_headers(&self, now: Timestamp, endpoint: &str, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("Stripe/1.0 (+https://stripe.com/docs/webhooks)"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let endpoint = self.endpoints.iter().find(|known| known.id == endpoint);
        let active = endpoint.into_iter().flat_map(|endpoint| &endpoint.secrets);
        let active = active.filter(|secret| secret.until.is_none_or(|until| until > now));
        let signature = signature(now, body, active.map(|secret| secret.text.as_str()));
        if let Ok(signature) = HeaderValue::from_str(&signature) {
            headers.insert("stripe-signature", signature);
        }
        headers
    }

    /// `POST /v1/webhook_endpoints`; the answer alone shows the secret.
    pub(super) fn create_endpoint(&mut self, context: &Context, form: &Form) -> Answer {
        if self.endpoints.len() >= MOST_ENDPOINTS {
            let message = format!("You have reached the maximum of {MOST_ENDPOINTS} test webhook endpoints.");
            return Err(ApiError::state("resource_limit_exceeded", message));
        }
        let url = url(form)?.ok_or_else(|| ApiError::missing("url"))?;
        let enabled_events = enabled_events(form)?.ok_or_else(|| ApiError::missing("enabled_events"))?;
        let metadata = metadata::merged(&BTreeMap::new(), form)?;
        let secret = self.new_id("whsec_");
        let endpoint = WebhookEndpoint {
            id: self.new_id("we_1"),
            created: context.now.seconds(),
            url,
            enabled_events,
            description: form.filled("description").map(str::to_owned),
            metadata,
            enabled: true,
            secrets: vec![Secret { text: secret.clone(), until: None }],
        };
        let mut view = endpoint.view(&self.settings.api_version);
        view["secret"] = Value::String(secret);
        self.endpoints.push(endpoint);
        Ok(view)
    }

    /// `POST /v1/webhook_endpoints/:id`.
    pub(super) fn update_endpoint(&mut self, id: &str, form: &Form) -> Answer {
        let (url, enabled_events, disabled) = (url(form)?, enabled_events(form)?, form.boolean("disabled")?);
        let endpoint = self.endpoint_mut(id)?;
        endpoint.metadata = metadata::merged(&endpoint.metadata, form)?;
        endpoint.url = url.unwrap_or_else(|| endpoint.url.clone());
        endpoint.enabled_events = enabled_events.unwrap_or_else(|| endpoint.enabled_events.clone());
        endpoint.enabled = disabled.map_or(endpoint.enabled, |disabled| !disabled);
        if let Some(description) = form.text("description") {
            endpoint.description = Some(description.to_owned()).filter(|text| !text.is_empty());
        }
        self.retrieve_endpoint(id)
    }

    /// `GET /v1/webhook_endpoints/:id`.
    pub(super) fn retrieve_endpoint(&self, id: &str) -> Answer {
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id == id);
        let endpoint = endpoint.ok_or_else(|| ApiError::no_such("webhook_endpoint", id))?;
        Ok(endpoint.view(&self.settings.api_version))
    }

    /// `GET /v1/webhook_endpoints`: never more than a page of them.
    pub(super) fn list_endpoints(&self) -> Value {
        let newest_first = self.endpoints.iter().rev();
        let data: Vec<_> = newest_first.map(|endpoint| endpoint.view(&self.settings.api_version)).collect();
        json!({ "object": "list", "data": data, "has_more": false, "url": "/v1/webhook_endpoints" })
    }

    /// `DELETE /v1/webhook_endpoints/:id`.
    pub(super) fn delete_endpoint(&mut self, id: &str) -> Answer {
        self.endpoint_mut(id)?;
        self.endpoints.retain(|endpoint| endpoint.id != id);
        Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
    }

    /// Rolls an endpoint's secret, as the dashboard's button does; the old secrets stay valid for `expires_in` seconds.
    pub(super) fn roll_secret(&mut self, context: &Context, id: &str, form: &Form) -> Answer {
        let text = self.new_id("whsec_");
        let until = context.now.plus(std::time::Duration::from_secs(
            form.integer("expires_in")?.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0),
        ));
        let endpoint = self.endpoint_mut(id)?;
        for secret in &mut endpoint.secrets {
            secret.until = Some(secret.until.map_or(until, |earlier| earlier.min(until)));
        }
        endpoint.secrets.insert(0, Secret { text: text.clone(), until: None });
        Ok(json!({ "id": id, "secret": text }))
    }

    fn endpoint_mut(&mut self, id: &str) -> Result<&mut WebhookEndpoint, ApiError> {
        let endpoint = self.endpoints.iter_mut().find(|endpoint| endpoint.id == id);
        endpoint.ok_or_else(|| ApiError::no_such("webhook_endpoint", id))
    }
}

fn url(form: &Form) -> Result<Option<String>, ApiError> {
    let Some(url) = form.filled("url") else { return Ok(None) };
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    if is_http && url.parse::<http::Uri>().is_ok_and(|uri| uri.host().is_some()) {
        return Ok(Some(url.to_owned()));
    }
    Err(ApiError::coded("url_invalid", "url", "Invalid URL: An explicit scheme (such as https) must be provided."))
}

fn enabled_events(form: &Form) -> Result<Option<Vec<String>>, ApiError> {
    if form.group("enabled_events").is_none() {
        return Ok(None);
    }
    let events: Vec<String> = form.list("enabled_events").into_iter().map(str::to_owned).collect();
    if events.is_empty() { Err(ApiError::empty("enabled_events")) } else { Ok(Some(events)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_documented_scheme() {
        // echo -n '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
        let header = signature(Timestamp::from_seconds(1_700_000_000), br#"{"a":1}"#, ["whsec_test"].into_iter());
        assert_eq!(header, "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789");
    }

    #[test]
    fn each_active_secret_signs() {
        let header = signature(Timestamp::from_seconds(1), b"{}", ["a", "b"].into_iter());
        let signatures: Vec<_> = header.split(',').skip(1).collect();
        assert_eq!(signatures.len(), 2);
        assert!(signatures.iter().all(|part| part.starts_with("v1=") && part.len() == 67));
        assert_ne!(signatures[0], signatures[1]);
    }
}
