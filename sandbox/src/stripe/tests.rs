//! Calls as a client makes them, answers as a client sees them.

use serde_json::json;

use super::*;

mod disputes;
mod elsewhere;
mod idempotency;
mod limits;
mod lists;
mod money_back;
mod pages;
mod payments;
mod strict;
mod telling;

/// A stand-in with a client.
pub struct Shop {
    pub stripe: Stripe,
    pub now: Timestamp,
}

/// An answer, read.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// `error.code`, or the error's type when there is no code.
    pub fn code(&self) -> &str {
        let error = &self.body["error"];
        error["code"].as_str().or(error["type"].as_str()).unwrap_or("none")
    }

    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.text("id").to_owned()
    }
}

impl Shop {
    pub fn new() -> Self {
        let settings = Settings { endpoints: vec![Endpoint::new("http://shop.test/hook")], ..Settings::default() };
        Self { stripe: Stripe::new(1, &settings), now: Timestamp::from_seconds(1_790_000_000) }
    }

    pub fn send(&mut self, request: &Request<Bytes>) -> Reply {
        let response = self.stripe.handle(self.now, request);
        seen(&response)
    }

    pub fn post(&mut self, path: &str, body: &str) -> Reply {
        self.send(&post(path, body, None))
    }

    pub fn post_once(&mut self, key: &str, path: &str, body: &str) -> Reply {
        self.send(&post(path, body, Some(key)))
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.send(&get(path, "sk_test_sandbox"))
    }

    pub fn browser(&mut self, method: &str, path: &str, body: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://stripe.test{path}"))
            .header("authorization", "Bearer pk_test_sandbox")
            .header("origin", "http://shop.test")
            .body(Bytes::from(body.to_owned()));
        self.send(&request.unwrap())
    }

    pub fn control(&mut self, path: &str, body: &Value) -> Reply {
        let request = Request::post(format!("http://stripe.test/_sandbox/stripe/{path}"));
        let request = request.body(Bytes::from(body.to_string())).unwrap();
        let segments: Vec<&str> = path.split('/').collect();
        seen(&self.stripe.control(self.now, &request, &segments))
    }

    /// A payment of 20.00 with that method, confirmed by the server.
    pub fn pay(&mut self, method: &str) -> Reply {
        let body = format!(
            "amount=2000&currency=usd&confirm=true&return_url=http://shop.test/done&metadata[order_id]=ord_1&payment_method={method}"
        );
        let mandate = "&mandate_data[customer_acceptance][type]=offline";
        let is_debit = method.starts_with("pm_usBankAccount") || method.starts_with("pm_sepaDebit");
        self.post("/v1/payment_intents", &format!("{body}{}", if is_debit { mandate } else { "" }))
    }

    /// The types of the events since the last call.
    pub fn told(&mut self) -> Vec<String> {
        self.stripe.take_webhooks().into_iter().map(|webhook| webhook.event_type).collect()
    }

    pub fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(std::time::Duration::from_secs(seconds));
        self.stripe.tick(self.now);
    }
}

pub fn post(path: &str, body: &str, key: Option<&str>) -> Request<Bytes> {
    let mut request =
        Request::post(format!("http://stripe.test{path}")).header("authorization", "Bearer sk_test_sandbox");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.body(Bytes::from(body.to_owned())).unwrap()
}

pub fn get(path: &str, key: &str) -> Request<Bytes> {
    let request = Request::get(format!("http://stripe.test{path}"));
    request.header("authorization", format!("Bearer {key}")).body(Bytes::new()).unwrap()
}

pub fn seen(response: &Response<Bytes>) -> Reply {
    let body = serde_json::from_slice(response.body()).unwrap_or(json!(null));
    Reply { status: response.status().as_u16(), headers: response.headers().clone(), body }
}
