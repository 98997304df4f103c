//! `$default`: what none of the routes is for. Says whether the address or only the method is unknown.

use api::{ApiError, Class, Endpoint, Response};
use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode};
use lambda_http::{Body, Request};

/// Who may call, how often, and with what.
pub const ENDPOINT: Endpoint = Endpoint::open(Class::Read).with_any_query().answering(&[]);

/// Every path of the API and the methods that it knows, as `Allow` lists them. Made by `build.rs` from `template.yaml`.
const ROUTES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/routes.rs"));

/// Answers `OPTIONS` of a known path with its methods. A browser's preflights don't come here: API Gateway answers them.
///
/// # Errors
///
/// 404 the path is unknown, 405 it knows other methods.
#[allow(clippy::unused_async, reason = "as all handlers")]
pub async fn handle(_: &impl Sized, request: Request) -> Result<Response, ApiError> {
    let methods = methods_of(request.uri().path()).ok_or(ApiError::NotFound("address"))?;
    if request.method() != Method::OPTIONS {
        return Err(ApiError::MethodNotAllowed(methods));
    }
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    Ok(response)
}

fn methods_of(path: &str) -> Option<&'static str> {
    ROUTES.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, methods)| *methods)
}

/// Whether a path is one of a pattern's, `/v1/orders/{order_id}`.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut segments) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), segments.next()) {
            (None, None) => return true,
            (Some(wanted), Some(segment)) if wanted == segment => {}
            (Some(wanted), Some(segment)) if wanted.starts_with('{') && !segment.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_its_methods_from_the_template() {
        assert_eq!(methods_of("/v1/orders"), Some("GET, POST"));
        assert_eq!(methods_of("/v1/orders/ord_1/cancel"), Some("POST"));
        assert_eq!(methods_of("/v1/products/MUG-1"), Some("PUT"));
        for path in ["/", "", "/v1", "/v1/orders/", "/v1/orders//cancel", "/v1/orders/1/cancel/2", "/v2/orders"] {
            assert_eq!(methods_of(path), None, "{path}");
        }
    }
}
