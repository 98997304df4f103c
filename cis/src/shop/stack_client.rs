//! The providers' state and the sandbox's controls: Stripe's list, the mailbox, the sheet.

use http::Method;
use serde_json::Value;

use super::{Shop, ShopError, accepted, list};
use crate::accounts::SPREADSHEET;

impl Shop {
    /// The payment intents that Stripe has for an order.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn payment_intents_of(&self, order_id: &str) -> Result<Vec<Value>, ShopError> {
        let mut intents = self.payment_intents().await?;
        intents.retain(|intent| intent["metadata"]["order_id"] == order_id);
        Ok(intents)
    }

    /// The mails about an order, as `order_confirmation` and the like.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn mails_about(&self, order_id: &str) -> Result<Vec<String>, ShopError> {
        let kind = |mail: &Value| {
            let mut parts = mail["custom_args"]["effect_id"].as_str()?.split('/');
            (parts.next() == Some(order_id)).then(|| parts.next().unwrap_or_default().to_owned())
        };
        Ok(self.mails().await?.iter().filter_map(kind).collect())
    }

    /// What the sheet says of an order's status, row by row.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn rows_of(&self, order_id: &str) -> Result<Vec<String>, ShopError> {
        let status = |row: &Vec<Value>| row.get(2).and_then(Value::as_str).unwrap_or_default().to_owned();
        let rows = self.rows().await?;
        Ok(rows.iter().filter(|row| row.first().is_some_and(|id| id == order_id)).map(status).collect())
    }

    /// The mails that SendGrid took, all of them.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn mails(&self) -> Result<Vec<Value>, ShopError> {
        Ok(list(&self.sandbox(Method::GET, "/_sandbox/mail", None).await?["mails"]))
    }

    /// The mails that SendGrid took for this address.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn mails_to(&self, email: &str) -> Result<Vec<Value>, ShopError> {
        Ok(list(&self.sandbox(Method::GET, &format!("/_sandbox/mail?recipient={email}"), None).await?["mails"]))
    }

    /// The rows of the sheet below its header, as they were entered.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn rows(&self) -> Result<Vec<Vec<Value>>, ShopError> {
        let sheet = self.sandbox(Method::GET, &format!("/_sandbox/sheets/{SPREADSHEET}"), None).await?;
        let rows = list(&sheet["tabs"][0]["entered"]);
        Ok(rows.iter().skip(1).map(list).filter(|row| !row.is_empty()).collect())
    }

    /// All of Stripe's payment intents.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn payment_intents(&self) -> Result<Vec<Value>, ShopError> {
        self.stripes("/v1/payment_intents").await
    }

    /// All that Stripe has in one of its lists.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn stripes(&self, path: &str) -> Result<Vec<Value>, ShopError> {
        let authorization = format!("Bearer {}", self.stripe_keys.0);
        let mut found: Vec<Value> = vec![];
        loop {
            let after = found.last().and_then(|last| last["id"].as_str());
            let after = after.map(|id| format!("&starting_after={id}")).unwrap_or_default();
            let url = format!("{}{path}?limit=100{after}", self.sandbox_url);
            let headers = [("authorization", authorization.as_str())];
            let page = accepted(path, self.http.get(&url, &headers).await)?;
            found.extend(list(&page["data"]));
            if page["has_more"] != true {
                return Ok(found);
            }
        }
    }

    /// One of the sandbox's controls.
    ///
    /// # Errors
    ///
    /// Refused, or no answer.
    pub async fn sandbox(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ShopError> {
        let body = body.map(|body| ("application/json", body.to_string()));
        accepted(path, self.http.send(method, &format!("{}{path}", self.sandbox_url), &[], body).await)
    }
}
