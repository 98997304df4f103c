//! Converts between Lambda's events and `http`'s requests and responses.
//!
//! Instead of `lambda_http::run`, which requires `Send` futures (ours stay on one thread) and panics on a query string
//! that is not a valid URI, which any client can send.

use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use lambda_http::lambda_runtime::{self, Error, LambdaEvent, service_fn};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use resilience::SystemClock;
use store::RateLimiter;

use crate::{ApiError, Edge, Endpoint, Response, respond};

/// Serves Lambda's invocations with a handler until the environment ends. Requests that `endpoint` does not allow, or
/// that exceed the rate limit, never reach the handler.
///
/// # Errors
///
/// When Lambda's runtime API cannot be reached.
pub async fn run<G: RateLimiter>(
    edge: &Edge<'_, G, SystemClock>,
    endpoint: Endpoint,
    handler: impl AsyncFn(Request) -> Result<Response, ApiError>,
) -> Result<(), Error> {
    let handler = &handler;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        let request = request(event.payload).with_lambda_context(event.context);
        // Boxed: with the SDK inside, the future is nested too deeply for the compiler.
        Ok::<_, Error>(payload(Box::pin(respond(edge, endpoint, request, handler)).await))
    }))
    .await
}

/// The request in an event of API Gateway's HTTP API, payload format 2.0, with base64 decoded.
///
/// The URI has only the path; parameters are read through [`RequestExt`].
pub fn request(event: ApiGatewayV2httpRequest) -> Request {
    let mut request = Request::new(event.body.map_or(Body::Empty, |text| decoded(text, event.is_base64_encoded)));
    *request.method_mut() = event.request_context.http.method.clone();
    *request.headers_mut() = event.headers;
    // API Gateway takes the cookies out of the headers.
    if let Some(cookies) = event.cookies.and_then(|cookies| HeaderValue::try_from(cookies.join("; ")).ok()) {
        request.headers_mut().insert(COOKIE, cookies);
    }
    if let Ok(uri) = event.raw_path.unwrap_or_default().parse() {
        *request.uri_mut() = uri;
    }
    // The event's own map of parameters joins repeated ones with commas.
    let query: QueryMap = event.raw_query_string.unwrap_or_default().parse().unwrap_or_default();
    request
        .with_query_string_parameters(query)
        .with_path_parameters(event.path_parameters)
        .with_request_context(RequestContext::ApiGatewayV2(event.request_context))
}

/// Malformed base64 stays as it is: it is not valid JSON either.
fn decoded(text: String, is_base64: bool) -> Body {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    if !is_base64 {
        return Body::Text(text);
    }
    STANDARD.decode(&text).map_or(Body::Text(text), Body::Binary)
}

fn payload(response: Response) -> ApiGatewayV2httpResponse {
    let (mut parts, body) = response.into_parts();
    let mut payload = ApiGatewayV2httpResponse::default();
    payload.status_code = i64::from(parts.status.as_u16());
    // The payload's headers have one value for each name, so cookies are separate.
    let cookies = parts.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    payload.cookies = cookies.map(str::to_owned).collect();
    parts.headers.remove(SET_COOKIE);
    payload.headers = parts.headers;
    payload.is_base64_encoded = matches!(body, Body::Binary(_));
    payload.body = (!body.is_empty()).then_some(body);
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Request {
        request(serde_json::from_str(text).unwrap())
    }

    const CONTEXT: &str =
        r#""requestContext":{"http":{"method":"GET","path":"/","protocol":"HTTP/1.1","sourceIp":"::1"},"timeEpoch":0}"#;

    #[test]
    fn query_strings_that_are_no_uri_are_read_all_the_same() {
        let read = event(&format!(
            r#"{{"rawPath":"/v1/orders/ <x>","rawQueryString":"limit=<\"1 2>&status=a%20b",{CONTEXT}}}"#
        ));
        let parameters = read.query_string_parameters();
        assert_eq!(parameters.first("limit"), Some("<\"1 2>"));
        assert_eq!(parameters.first("status"), Some("a b"));
    }

    #[test]
    fn a_body_may_come_as_base64() {
        let read = |body: &str| event(&format!(r#"{{"body":"{body}","isBase64Encoded":true,{CONTEXT}}}"#));
        assert_eq!(read("e30=").body().as_ref(), b"{}");
        assert_eq!(read("no base64").body().as_ref(), b"no base64");
    }

    #[test]
    fn cookies_stand_apart_from_the_headers_both_ways() {
        let read = event(&format!(r#"{{"cookies":["a=1","b=2"],{CONTEXT}}}"#));
        assert_eq!((crate::cookie(&read, "a"), crate::cookie(&read, "b")), (Some("1"), Some("2")));
        let answer = crate::with_cookie(crate::see_other("/").unwrap(), "a=1; Path=/").unwrap();
        let json = serde_json::to_value(payload(crate::with_cookie(answer, "b=2").unwrap())).unwrap();
        assert_eq!(json["cookies"], serde_json::json!(["a=1; Path=/", "b=2"]));
        assert_eq!(json["headers"], serde_json::json!({"location": "/"}));
    }

    #[test]
    fn an_answer_becomes_a_payload() {
        let answer = payload(crate::created("/v1/orders/1", &[1]).unwrap());
        let json = serde_json::to_value(answer).unwrap();
        assert_eq!(json["statusCode"], 201);
        assert_eq!(json["headers"]["location"], "/v1/orders/1");
        assert_eq!((&json["body"], &json["isBase64Encoded"]), (&"[1]".into(), &false.into()));
    }
}
