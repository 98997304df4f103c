//! Cookies (RFC 6265).

use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use lambda_http::Request;

use crate::{ApiError, Response};

/// The value of the request's cookie of this name. `None` also when it occurs twice: then a neighbouring host may have
/// set one of them.
pub fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let lines = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// The response with one more cookie: `name=value; Attribute; …`.
///
/// # Errors
///
/// [`ApiError::Internal`] when the text is not a valid header value.
pub fn with_cookie(mut response: Response, cookie: &str) -> Result<Response, ApiError> {
    let value = HeaderValue::from_str(cookie).map_err(|error| ApiError::Internal(error.into()))?;
    response.headers_mut().append(SET_COOKIE, value);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_only_if_there_is_one() {
        let mut request = Request::default();
        for line in ["a=1; __Secure-b=x=y", "c=3;d=4; d=5"] {
            request.headers_mut().append(COOKIE, HeaderValue::from_static(line));
        }
        let found = ["a", "__Secure-b", "b", "c", "d", "e"].map(|name| cookie(&request, name));
        assert_eq!(found, [Some("1"), Some("x=y"), None, Some("3"), None, None]);
    }
}
