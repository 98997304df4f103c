//! The parameters of a provider's redirect (RFC 6749, sections 4.1.2 and 4.1.2.1; RFC 9207).

use std::fmt;

use api::Request;
use lambda_http::RequestExt as _;

use crate::oauth_callback::Failure;

/// The parameters that matter. `Debug` hides them.
pub(crate) struct Answer {
    pub state: Option<String>,
    pub issuer: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(…)")
    }
}

impl Answer {
    pub(crate) fn read(request: &Request) -> Self {
        let parameters = request.query_string_parameters_ref();
        // A repeated parameter counts as missing.
        let one = |name: &str| match parameters?.all(name)?.as_slice() {
            [only] if !only.is_empty() => Some((*only).to_owned()),
            _ => None,
        };
        Self { state: one("state"), issuer: one("iss"), code: one("code"), error: one("error") }
    }

    /// The code, unless the provider says that there is none.
    pub(crate) fn code(&self) -> Result<&str, Failure> {
        match (&self.error, &self.code) {
            (Some(error), _) if error == "access_denied" => Err(Failure::Cancelled),
            (Some(error), _) if error == "temporarily_unavailable" || error == "server_error" => {
                Err(Failure::ProviderFailed)
            }
            (None, Some(code)) => Ok(code),
            _ => Err(Failure::ProviderRefused),
        }
    }
}
