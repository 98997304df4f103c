//! The access token: fetched once, used for an hour.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{Request, header};
use resilience::{Clock, Transport, TransportError};
use serde::Deserialize;

use crate::{ServiceAccount, SheetsError, assertion::assertion};

/// How long before its expiry a token is no longer used: a request takes time, and clocks differ.
const MARGIN: Duration = Duration::from_mins(1);

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The token that is in use, if any.
#[derive(Default)]
pub(crate) struct TokenCache(Mutex<Option<Token>>);

#[derive(Clone)]
struct Token {
    value: String,
    good_until: Timestamp,
}

impl TokenCache {
    /// The token at hand, or a new one.
    pub(crate) async fn token(
        &self,
        account: &ServiceAccount,
        transport: &impl Transport,
        clock: &impl Clock,
    ) -> Result<String, SheetsError> {
        let held = self.held().clone().filter(|token| clock.now() < token.good_until);
        if let Some(token) = held {
            return Ok(token.value);
        }
        let token = fetch(account, transport, clock.now()).await?;
        Ok(self.held().insert(token).value.clone())
    }

    /// Forgets a token that Google did not take, unless it was replaced meanwhile.
    pub(crate) fn forget(&self, refused: &str) {
        self.held().take_if(|token| token.value == refused);
    }

    fn held(&self) -> MutexGuard<'_, Option<Token>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    /// Seconds.
    expires_in: u64,
}

async fn fetch(account: &ServiceAccount, transport: &impl Transport, now: Timestamp) -> Result<Token, SheetsError> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", GRANT_TYPE)
        .append_pair("assertion", &assertion(account, now)?)
        .finish();
    let request = Request::post(&account.token_uri)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form))?;
    let response = transport.send(request).await.map_err(unavailable)?;
    if !response.status().is_success() {
        return Err(SheetsError::of_token(&response, now));
    }
    let grant: Grant = serde_json::from_slice(response.body())?;
    let life = Duration::from_secs(grant.expires_in).saturating_sub(MARGIN);
    Ok(Token { value: grant.access_token, good_until: now.plus(life) })
}

/// A token that got lost on its way does no harm.
fn unavailable(error: TransportError) -> SheetsError {
    SheetsError::Unavailable { status: None, source: Some(error) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testkit::{ScriptedTransport, Turn};

    use super::*;
    use crate::conversation::{converse, failure, lines, token};

    const GET: &str = "GET /v4/spreadsheets/sheet-1/values:batchGet?ranges=%27Bob%27%27s+orders%27%21A2%3AL2&majorDimension=ROWS&valueRenderOption=UNFORMATTED_VALUE";

    fn found() -> Turn {
        Turn::json(200, &json!({"valueRanges": []}))
    }

    #[test]
    fn a_token_is_fetched_once_and_again_shortly_before_its_end() {
        let script = ScriptedTransport::new([token("t-1"), found(), found(), token("t-2"), found()]);
        converse(&script, async |sheets, clock, deadline| {
            sheets.read_rows(2..=2, deadline).await.unwrap();
            clock.advance(Duration::from_secs(3538));
            sheets.read_rows(2..=2, deadline).await.unwrap();
            clock.advance(Duration::from_secs(1));
            sheets.read_rows(2..=2, deadline).await.unwrap();
        });
        let asked = ["POST /token", &format!("{GET} t-1"), &format!("{GET} t-1"), "POST /token", &format!("{GET} t-2")];
        assert_eq!(lines(&script), asked);
    }

    #[test]
    fn the_grant_is_a_jwt_bearers() {
        let script = ScriptedTransport::new([token("t-1"), found()]);
        converse(&script, async |sheets, _, deadline| sheets.read_rows(2..=2, deadline).await.unwrap());
        let form = String::from_utf8(script.asked.borrow()[0].body().to_vec()).unwrap();
        assert!(form.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJ"));
    }

    #[test]
    fn a_refused_token_is_replaced_once() {
        let script = ScriptedTransport::new([token("t-1"), failure(401, ""), token("t-2"), found()]);
        converse(&script, async |sheets, _, deadline| sheets.read_rows(2..=2, deadline).await.unwrap());
        assert_eq!(lines(&script)[3], format!("{GET} t-2"));

        let script = ScriptedTransport::new([token("t-1"), failure(401, ""), token("t-2"), failure(401, "")]);
        let error = converse(&script, async |sheets, _, deadline| sheets.read_rows(2..=2, deadline).await.unwrap_err());
        assert!(matches!(error, SheetsError::Unauthorized { status: 401 }));
    }

    #[test]
    fn a_refused_account_is_an_operators_and_a_lost_token_nobodys() {
        let read = |script: &ScriptedTransport| {
            converse(script, async |sheets, _, deadline| sheets.read_rows(2..=2, deadline).await.map(|_| ()))
        };
        let refused = ScriptedTransport::new([Turn::json(400, &json!({"error": "invalid_grant"}))]);
        assert!(matches!(read(&refused), Err(SheetsError::Unauthorized { status: 400 })));
        let lost = ScriptedTransport::new([Turn::Lost, failure(500, ""), token("t"), found()]);
        assert!(read(&lost).is_ok());
    }
}
