//! Parameters of a request, each there once.

use bytes::Bytes;
use http::{Method, Request};

/// The query of a GET, the body of a POST.
#[derive(Debug)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the parameters.
    pub fn read(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let text = if request.method() == Method::POST { request.body().as_ref() } else { query };
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// A parameter's value; an empty one counts as missing (RFC 6749, section 3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether a parameter stands there more than once (RFC 6749, section 3.1: must not).
    pub fn repeats(&self) -> bool {
        let (names, mut once): (Vec<_>, Vec<_>) = (self.0.iter().map(|(name, _)| name).collect(), Vec::new());
        names.into_iter().any(|name| {
            let again = once.contains(&name);
            once.push(name);
            again
        })
    }

    /// All of them but these.
    pub fn without<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a (String, String)> {
        self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()))
    }
}
