//! Which web pages may use the cookie.

use std::str::FromStr;

use api::Request;
use http::header::ORIGIN;

use crate::{Delivery, SessionError};

/// The origins that browsers may call the API from, separated by commas: the same list as for CORS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<String>);

/// The list is empty.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected origins, separated by commas")]
pub struct InvalidOrigins;

impl FromStr for AllowedOrigins {
    type Err = InvalidOrigins;

    fn from_str(text: &str) -> Result<Self, InvalidOrigins> {
        let origins: Vec<_> = text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
        if origins.is_empty() { Err(InvalidOrigins) } else { Ok(origins.into_iter().map(str::to_owned).collect()) }
    }
}

impl FromIterator<String> for AllowedOrigins {
    fn from_iter<I: IntoIterator<Item = String>>(origins: I) -> Self {
        Self(origins.into_iter().collect())
    }
}

impl AllowedOrigins {
    /// Lets a request for or with a cookie go on if no page sends it, or one of ours. Besides, the cookie is `SameSite`,
    /// and a body of JSON needs CORS's leave: each of the three is enough by itself.
    ///
    /// # Errors
    ///
    /// A foreign page sent the request.
    pub fn admit(&self, request: &Request, delivery: Delivery) -> Result<(), SessionError> {
        let mut origins = request.headers().get_all(ORIGIN).iter();
        let ours = origins.all(|origin| self.0.iter().any(|allowed| origin.as_bytes() == allowed.as_bytes()));
        if ours || delivery == Delivery::Body { Ok(()) } else { Err(SessionError::ForeignOrigin) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_pages_may_use_the_cookie() {
        let allowed: AllowedOrigins = "https://shop.example, http://localhost:5173".parse().unwrap();
        let admits = |origins: &[&str], delivery| {
            let mut request = Request::default();
            for origin in origins {
                request.headers_mut().append(ORIGIN, origin.parse().unwrap());
            }
            allowed.admit(&request, delivery).is_ok()
        };
        for (origins, ours) in [
            (&[][..], true),
            (&["https://shop.example"], true),
            (&["http://localhost:5173"], true),
            (&["https://shop.example.evil.example"], false),
            (&["http://shop.example"], false),
            (&["null"], false),
            (&["https://shop.example", "https://evil.example"], false),
        ] {
            assert_eq!(admits(origins, Delivery::Cookie), ours, "{origins:?}");
            assert!(admits(origins, Delivery::Body));
        }
        assert_eq!(" , ".parse::<AllowedOrigins>(), Err(InvalidOrigins));
    }
}
