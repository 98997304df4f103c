//! A request to the API, and what is taken from its answer.

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::Value;

use super::BenchError;

/// Where the API would be if there were a network.
pub const API: &str = "http://api.test";

/// A request to the API.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// As in the template: `GET /v1/orders/{order_id}`.
    pub route: &'a str,
    /// What distinguishes it from other calls of its route.
    pub variant: &'a str,
    /// The path with its parameters filled in, and the query.
    pub path: &'a str,
    /// The bearer's token.
    pub token: Option<&'a str>,
    /// Further headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// JSON.
    pub body: Option<&'a Value>,
    /// The answer's status.
    pub status: u16,
}

impl<'a> Call<'a> {
    /// A request of this route, to `path`, that is answered 200.
    pub const fn new(route: &'a str, path: &'a str) -> Self {
        Self { route, variant: "", path, token: None, headers: &[], body: None, status: 200 }
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn request(&self) -> Result<Request<Bytes>, BenchError> {
        let method = self.route.split(' ').next().filter(|_| self.route.contains(' ')).unwrap_or("GET");
        let method: Method = method.parse().map_err(http::Error::from)?;
        let mut request = Request::builder().method(method).uri(format!("{API}{}", self.path));
        if let Some(token) = self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if self.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        Ok(request.body(self.body.map(|body| Bytes::from(body.to_string())).unwrap_or_default())?)
    }

    /// The answer, if it has the status of one that goes well.
    ///
    /// # Errors
    ///
    /// It has another.
    pub fn expected(&self, answer: Response<Bytes>) -> Result<Response<Bytes>, BenchError> {
        let status = answer.status().as_u16();
        if status == self.status {
            return Ok(answer);
        }
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        Err(BenchError::Answered { call: self.route.to_owned(), status, body })
    }
}

/// The answer's JSON.
pub fn json_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap_or_default()
}

/// A text of an answer's JSON.
///
/// # Errors
///
/// It is not there.
pub fn text_of(answer: &Response<Bytes>, pointer: &'static str) -> Result<String, BenchError> {
    let text = json_of(answer).pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    text.ok_or(BenchError::Missing(pointer))
}
