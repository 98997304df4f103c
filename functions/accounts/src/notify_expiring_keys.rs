//! Once a day: notifies the creators of API keys 14, 3 and 1 days before they expire.

use std::time::Duration;

use domain::{ApiKey, EventId};
use resilience::{Clock, Deadline, Ids, Policy, retry};
use store::{ApiKeys, MAX_PAGE, PageRequest, StoreError};
use telemetry::CorrelationId;

/// The time reserved at the end of an invocation.
pub const RESERVE: Duration = Duration::from_secs(2);

/// Reads all keys and writes an `api_key.expiring` event for each whose next notice is due, together with the record of
/// that notice: a second run, even a concurrent one, repeats no notice. Returns the number of notices.
///
/// # Errors
///
/// When the table is down. Notices that were written stay, and the next run continues with the rest.
pub async fn handle(env: &impl capabilities::ApiKeys, deadline: Deadline) -> Result<u32, StoreError> {
    let (keys, clock, ids) = (env.api_keys(), env.clock(), env.ids());
    let correlation_id = CorrelationId::from_request_id(&ids.fresh().to_string());
    let mut request = PageRequest { limit: MAX_PAGE, after: None };
    let mut told = 0;
    loop {
        let page = keys.api_keys(&request).await?;
        for key in &page.items {
            let notify = async || notify(keys, key, clock, ids, &correlation_id).await;
            let is_told = retry(clock, ids, Policy::CONFLICT, deadline, notify, StoreError::verdict).await?;
            told += u32::from(is_told);
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    telemetry::count("KeyNotices", told);
    Ok(told)
}

/// Writes the notice of one key if it is due. The list may be outdated, so the key is read again before it is written.
async fn notify(
    keys: &impl ApiKeys,
    listed: &ApiKey,
    clock: &impl Clock,
    ids: &impl Ids,
    correlation_id: &CorrelationId,
) -> Result<bool, StoreError> {
    let notice =
        |key: &ApiKey| key.expiry_notice(EventId::from_uuid(ids.fresh()), correlation_id.as_str(), clock.now());
    if notice(listed).is_none() {
        return Ok(false);
    }
    let key = keys.api_key(listed.id).await?;
    let Some((next, event)) = key.as_ref().and_then(notice) else { return Ok(false) };
    keys.save_api_keys(&[next], &[event]).await?;
    tracing::info!(key_id = %listed.id, correlation_id = correlation_id.as_str(), "end of a key announced");
    Ok(true)
}
