//! Asking Google: addresses, tokens, and retries.

use std::fmt;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use resilience::{Clock, Deadline, Ids, Policy, Transport, retry};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{ServiceAccount, SheetsError, token::TokenCache};

/// The URL of Google Sheets' API.
pub const LIVE_URL: &str = "https://sheets.googleapis.com";

/// The tab that the rows go to when nothing else is set.
pub const DEFAULT_TAB: &str = "Orders";

/// A client for one tab of one spreadsheet, which belongs to us from the first column to the last of
/// [`HEADER`](crate::HEADER). Every call ends by its deadline, plus at most the transport's own timeout.
pub struct Sheets<T, C, I> {
    transport: T,
    clock: C,
    ids: I,
    account: ServiceAccount,
    tokens: TokenCache,
    /// `…/v4/spreadsheets/<id>`
    url: String,
    tab: String,
}

impl<T, C, I> fmt::Debug for Sheets<T, C, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sheets").field("url", &self.url).field("tab", &self.tab).finish_non_exhaustive()
    }
}

impl<T: Transport, C: Clock, I: Ids> Sheets<T, C, I> {
    /// A client that speaks to `base_url` (scheme and host, without `/v4`).
    pub fn new(
        transport: T,
        clock: C,
        ids: I,
        base_url: &str,
        account: ServiceAccount,
        spreadsheet_id: &str,
        tab: impl Into<String>,
    ) -> Self {
        let id: String = form_urlencoded::byte_serialize(spreadsheet_id.as_bytes()).collect();
        let url = format!("{}/v4/spreadsheets/{id}", base_url.trim_end_matches('/'));
        Self { transport, clock, ids, account, tokens: TokenCache::default(), url, tab: tab.into() }
    }

    pub(crate) fn tab(&self) -> &str {
        &self.tab
    }

    /// GETs what lies under the spreadsheet's address. `rest` begins with `/`, `:` or `?`.
    pub(crate) async fn get<O: DeserializeOwned>(&self, rest: &str, deadline: Deadline) -> Result<O, SheetsError> {
        let response = self.ask(&Method::GET, rest, &Bytes::new(), deadline).await?;
        Ok(serde_json::from_slice(response.body())?)
    }

    /// POSTs to what lies under the spreadsheet's address; it is repeated when its outcome is unknown.
    pub(crate) async fn post(&self, rest: &str, body: &Value, deadline: Deadline) -> Result<(), SheetsError> {
        self.ask(&Method::POST, rest, &Bytes::from(body.to_string()), deadline).await?;
        Ok(())
    }

    async fn ask(
        &self,
        method: &Method,
        rest: &str,
        body: &Bytes,
        deadline: Deadline,
    ) -> Result<Response<Bytes>, SheetsError> {
        let attempt = async || self.authorised(method, rest, body).await;
        retry(&self.clock, &self.ids, Policy::CALL, deadline, attempt, SheetsError::verdict).await
    }

    /// One try; a token that Google doesn't take any more is replaced once.
    async fn authorised(&self, method: &Method, rest: &str, body: &Bytes) -> Result<Response<Bytes>, SheetsError> {
        let token = self.tokens.token(&self.account, &self.transport, &self.clock).await?;
        let response = self.once(method, rest, body, &token).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return self.checked(response);
        }
        self.tokens.forget(&token);
        let token = self.tokens.token(&self.account, &self.transport, &self.clock).await?;
        let response = self.once(method, rest, body, &token).await?;
        self.checked(response)
    }

    async fn once(
        &self,
        method: &Method,
        rest: &str,
        body: &Bytes,
        token: &str,
    ) -> Result<Response<Bytes>, SheetsError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{rest}", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.clone())?;
        let response = self.transport.send(request).await?;
        tracing::debug!(status = response.status().as_u16(), "google sheets answered");
        Ok(response)
    }

    fn checked(&self, response: Response<Bytes>) -> Result<Response<Bytes>, SheetsError> {
        if response.status().is_success() { Ok(response) } else { Err(SheetsError::read(&response, self.clock.now())) }
    }
}
