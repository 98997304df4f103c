//! Which method of the API a request calls.

use bytes::Bytes;
use http::Request;

use super::token::Access;

/// A method of Sheets v4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// `spreadsheets.create`
    Create,
    /// `spreadsheets.get`
    Get,
    /// `spreadsheets.batchUpdate`
    BatchUpdate,
    /// `values.get`
    ValuesGet(String),
    /// `values.update`
    ValuesUpdate(String),
    /// `values.append`
    ValuesAppend(String),
    /// `values.clear`
    ValuesClear(String),
    /// `values.batchGet`
    ValuesBatchGet,
    /// `values.batchUpdate`
    ValuesBatchUpdate,
    /// `values.batchClear`
    ValuesBatchClear,
}

impl Method {
    /// Reads and writes have quotas and scopes of their own.
    pub const fn access(&self) -> Access {
        match self {
            Self::Get | Self::ValuesGet(_) | Self::ValuesBatchGet => Access::Read,
            _ => Access::Write,
        }
    }
}

/// A method, the spreadsheet it is about and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What to do.
    pub method: Method,
    /// The spreadsheet's id; empty for `create`.
    pub spreadsheet: String,
    /// The query's parameters.
    pub parameters: Vec<(String, String)>,
}

impl Call {
    /// Reads the request line; `None` when the API has no such method. A long GET may come as a POST with the query in
    /// its body, as Google's clients send it.
    pub fn read(request: &Request<Bytes>) -> Option<Self> {
        let overridden = request.headers().get("x-http-method-override").and_then(|value| value.to_str().ok());
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let query = if overridden.is_some() { request.body().as_ref() } else { query };
        let parameters = form_urlencoded::parse(query).into_owned().collect();
        let path = request.uri().path().strip_prefix("/v4/spreadsheets")?;
        let (spreadsheet, method) = method(overridden.unwrap_or(request.method().as_str()), path)?;
        Some(Self { method, spreadsheet, parameters })
    }

    /// A parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn method(verb: &str, path: &str) -> Option<(String, Method)> {
    let Some(path) = path.strip_prefix('/') else {
        return (verb == "POST" && path.is_empty()).then(|| (String::new(), Method::Create));
    };
    let (id, rest) = path.split_once('/').unwrap_or((path, ""));
    if rest.is_empty() {
        return match (verb, id.split_once(':')) {
            ("GET", None) => Some((decode(id), Method::Get)),
            ("POST", Some((id, "batchUpdate"))) => Some((decode(id), Method::BatchUpdate)),
            _ => None,
        };
    }
    let method = match (verb, rest) {
        ("GET", "values:batchGet") => Method::ValuesBatchGet,
        ("POST", "values:batchUpdate") => Method::ValuesBatchUpdate,
        ("POST", "values:batchClear") => Method::ValuesBatchClear,
        _ => {
            let range = rest.strip_prefix("values/")?;
            match (verb, range.rsplit_once(':')) {
                ("POST", Some((range, "append"))) => Method::ValuesAppend(decode(range)),
                ("POST", Some((range, "clear"))) => Method::ValuesClear(decode(range)),
                ("GET", _) => Method::ValuesGet(decode(range)),
                ("PUT", _) => Method::ValuesUpdate(decode(range)),
                _ => return None,
            }
        }
    };
    Some((decode(id), method))
}

/// Percent-decodes a path segment; `+` stays, as paths have it.
fn decode(segment: &str) -> String {
    let escaped = segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(escaped.as_bytes()).next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_with_their_ranges_decoded() {
        for (verb, path, expected) in [
            ("POST", "/v4/spreadsheets", Some(("", Method::Create))),
            ("GET", "/v4/spreadsheets/id-1?fields=a", Some(("id-1", Method::Get))),
            ("POST", "/v4/spreadsheets/id:batchUpdate", Some(("id", Method::BatchUpdate))),
            ("GET", "/v4/spreadsheets/id/values/Sheet1!A1:B2", Some(("id", Method::ValuesGet("Sheet1!A1:B2".into())))),
            (
                "PUT",
                "/v4/spreadsheets/id/values/%27My+tab%20%26%20co%27%21A1%3AB2",
                Some(("id", Method::ValuesUpdate("'My+tab & co'!A1:B2".into()))),
            ),
            ("POST", "/v4/spreadsheets/id/values/A1:B2:append", Some(("id", Method::ValuesAppend("A1:B2".into())))),
            ("POST", "/v4/spreadsheets/id/values/A1:clear", Some(("id", Method::ValuesClear("A1".into())))),
            ("GET", "/v4/spreadsheets/id/values:batchGet", Some(("id", Method::ValuesBatchGet))),
            ("DELETE", "/v4/spreadsheets/id", None),
            ("POST", "/v4/spreadsheets/id/values/A1", None),
        ] {
            let request = Request::builder().method(verb).uri(path).body(Bytes::new()).unwrap();
            let call = Call::read(&request).map(|call| (call.spreadsheet, call.method));
            assert_eq!(call, expected.map(|(id, method)| (id.to_owned(), method)), "{verb} {path}");
        }
    }

    #[test]
    fn a_long_get_comes_as_a_post() {
        let request = Request::post("/v4/spreadsheets/id/values:batchGet")
            .header("x-http-method-override", "GET")
            .body("ranges=A1&ranges=B1".into())
            .unwrap();
        let call = Call::read(&request).unwrap();
        assert_eq!((call.method, call.parameters.len()), (Method::ValuesBatchGet, 2));
    }
}
