//! Parses a JSON body, strictly.

use domain::FieldError;
use http::header::CONTENT_TYPE;
use lambda_http::Request;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// The longest accepted body, in bytes. A cart of 50 lines has less than a tenth of it.
pub const MAX_BODY: usize = 64 * 1024;
/// The length in characters at which messages and paths that quote the client's input are cut.
const MAX_QUOTE: usize = 200;

/// The body as a value.
///
/// # Errors
///
/// 415 when its type is not JSON, 413 when it is too long, 400 when it is malformed JSON (with line and column), 422
/// when a field is missing, unknown or of another type (with its path).
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    if !is_json(request) {
        return Err(ApiError::UnsupportedMediaType);
    }
    let bytes: &[u8] = request.body();
    if bytes.len() > MAX_BODY {
        return Err(ApiError::BodyTooLarge(bytes.len()));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| refusal(&error))?;
    json.end().map_err(|error| ApiError::MalformedBody(error.to_string()))?;
    Ok(value)
}

fn is_json(request: &Request) -> bool {
    let Some(text) = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let cause = error.inner();
    if !cause.is_data() {
        return ApiError::MalformedBody(cause.to_string());
    }
    let whole = cause.to_string();
    // serde_json adds the position, which says less than the path.
    let message = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(message, _)| message);
    let path = field(&error.path().to_string(), message);
    ApiError::InvalidField(FieldError::new(cut(&path), cut(message)))
}

/// The path of the invalid field. serde reports a missing or repeated field at the object that contains it.
fn field(path: &str, message: &str) -> String {
    let named = ["missing field `", "duplicate field `"].iter().find_map(|start| message.strip_prefix(start));
    match (path, named.and_then(|rest| rest.split('`').next())) {
        (".", Some(name)) => name.to_owned(),
        (_, Some(name)) => format!("{path}.{name}"),
        _ => path.to_owned(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;
    use serde::Deserialize;

    use super::*;
    use crate::ProblemType;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        lines: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        sku: String,
        quantity: i64,
    }

    fn read(content_type: Option<&str>, bytes: impl Into<Body>) -> Result<Outer, ApiError> {
        let mut request = Request::new(bytes.into());
        if let Some(text) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, text.parse().unwrap());
        }
        body(&request)
    }

    const GOOD: &str = r#"{"lines":[{"sku":"A","quantity":1}]}"#;

    #[test]
    fn text_and_decoded_bytes_are_read_alike() {
        let good = Outer { lines: vec![Inner { sku: "A".to_owned(), quantity: 1 }] };
        for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(read(Some(content_type), GOOD).unwrap(), good);
            assert_eq!(read(Some(content_type), GOOD.as_bytes()).unwrap(), good);
        }
    }

    #[test]
    fn what_is_not_said_to_be_json_is_not_read() {
        for content_type in [None, Some("text/plain"), Some("application/jsonp"), Some("")] {
            assert_eq!(read(content_type, GOOD).unwrap_err().kind(), ProblemType::UnsupportedMediaType);
        }
    }

    #[test]
    fn a_body_is_read_up_to_its_limit() {
        let padded = |length: usize| format!("{GOOD}{}", " ".repeat(length - GOOD.len()));
        assert!(read(Some("application/json"), padded(MAX_BODY)).is_ok());
        assert_eq!(read(Some("application/json"), padded(MAX_BODY + 1)).unwrap_err().kind(), ProblemType::BodyTooLarge);
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_position() {
        for (text, position) in [
            ("", "line 1 column 0"),
            ("{", "line 1 column 1"),
            (r#"{"lines":[}"#, "line 1 column 11"),
            ("{\"lines\":[]}\nx", "line 2 column 1"),
        ] {
            match read(Some("application/json"), text) {
                Err(ApiError::MalformedBody(message)) => assert!(message.ends_with(position), "{message}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!(read(Some("application/json"), &b"\"\xff\""[..]), Err(ApiError::MalformedBody(_))));
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        let deep = format!(r#"{{"lines":{deep}}}"#);
        assert!(read(Some("application/json"), deep).is_err(), "nesting ends somewhere");
    }

    #[test]
    fn the_field_at_fault_is_named_by_its_path() {
        for (text, field, message) in [
            ("{}", "lines", "missing field `lines`"),
            (r#"{"lines":[{"sku":"A"}]}"#, "lines[0].quantity", "missing field `quantity`"),
            (
                r#"{"lines":[{"sku":"A","quantity":"1"}]}"#,
                "lines[0].quantity",
                "invalid type: string \"1\", expected i64",
            ),
            (
                r#"{"lines":[{"sku":"A","quantity":1.5}]}"#,
                "lines[0].quantity",
                "invalid type: floating point `1.5`, expected i64",
            ),
            (
                r#"{"lines":[{"sku":"A","quantity":1,"price":1}]}"#,
                "lines[0].price",
                "unknown field `price`, expected `sku` or `quantity`",
            ),
            (r#"{"lines":{}}"#, "lines", "invalid type: map, expected a sequence"),
            (r#"{"lines":[],"lines":[]}"#, "lines", "duplicate field `lines`"),
        ] {
            match read(Some("application/json"), text) {
                Err(ApiError::InvalidField(fault)) => assert_eq!((&*fault.field, &*fault.message), (field, message)),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
