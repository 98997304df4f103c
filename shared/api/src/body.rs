//! Parses a JSON body, strictly.

mod strict;
mod tree;

use std::fmt;

use domain::FieldError;
use http::header::CONTENT_TYPE;
use lambda_http::Request;
use serde::de::DeserializeOwned;

use crate::ApiError;
use strict::Strict;
use tree::Tree;

/// The longest accepted body, in bytes. A cart of 50 lines has less than a tenth of it.
pub const MAX_BODY: usize = 64 * 1024;
/// The length in characters at which messages and paths that quote the client's input are cut.
const MAX_QUOTE: usize = 200;

/// The body as a value.
///
/// # Errors
///
/// 415 when its type is not JSON, 413 when it is too long, 400 when it is malformed JSON (with line and column), 422
/// when a field is missing, unknown, repeated or of another type (with its path).
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    if !is_json(request) {
        return Err(ApiError::UnsupportedMediaType);
    }
    let bytes: &[u8] = request.body();
    if bytes.len() > MAX_BODY {
        return Err(ApiError::BodyTooLarge(bytes.len()));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Tree(tree) = serde_path_to_error::deserialize(&mut json).map_err(|error| match error.inner() {
        cause if cause.is_data() => invalid(&error),
        cause => malformed(cause),
    })?;
    json.end().map_err(|error| malformed(&error))?;
    serde_path_to_error::deserialize(Strict(&tree)).map_err(|error| invalid(&error))
}

fn is_json(request: &Request) -> bool {
    let Some(text) = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn malformed(error: &serde_json::Error) -> ApiError {
    // serde_json says this, and nothing else so, of the first half of a surrogate pair without the second.
    let message = error.to_string().replace("unexpected end of hex escape", "lone leading surrogate in hex escape");
    ApiError::MalformedBody(message)
}

fn invalid(error: &serde_path_to_error::Error<impl fmt::Display>) -> ApiError {
    let whole = error.inner().to_string();
    // serde_json adds the position, which says less than the path.
    let message = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(message, _)| message);
    let path = field(&error.path().to_string(), message);
    FieldError::new(cut(&path), cut(message)).into()
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
    use std::collections::BTreeMap;

    use lambda_http::Body;
    use serde::Deserialize;

    use super::*;
    use crate::ProblemType;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        lines: Vec<Inner>,
        #[serde(default)]
        method: Method,
        #[serde(default)]
        prices: BTreeMap<String, i64>,
        note: Option<String>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Method {
        #[default]
        Stripe,
        Invoice,
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

    fn line(quantity: i64) -> Outer {
        let lines = vec![Inner { sku: "A".to_owned(), quantity }];
        Outer { lines, method: Method::Stripe, prices: BTreeMap::new(), note: None }
    }

    /// The field and the message with which the body is refused.
    fn fault(text: &str) -> (String, String) {
        match read(Some("application/json"), text) {
            Err(ApiError::InvalidField(fault)) => (fault.field, fault.message),
            other => panic!("{text}: {other:?}"),
        }
    }

    const GOOD: &str = r#"{"lines":[{"sku":"A","quantity":1}]}"#;

    #[test]
    fn text_and_decoded_bytes_are_read_alike() {
        let good = line(1);
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
        ] {
            assert_eq!(fault(text), (field.to_owned(), message.to_owned()), "{text}");
        }
    }

    #[test]
    fn no_object_names_a_field_twice() {
        for (text, field) in [
            (r#"{"lines":[],"lines":[]}"#, "lines"),
            (r#"{"lines":[],"l\u0069nes":[]}"#, "lines"),
            (r#"{"lines":[{"sku":"A","quantity":1,"quantity":2}]}"#, "lines[0].quantity"),
            (r#"{"lines":[],"prices":{"eur":5000,"eur":5}}"#, "prices.eur"),
        ] {
            let name = field.rsplit('.').next().unwrap_or(field);
            assert_eq!(fault(text), (field.to_owned(), format!("duplicate field `{name}`")), "{text}");
        }
    }

    #[test]
    fn nothing_is_taken_for_something_else() {
        for (text, field, message) in [
            ("[[]]", ".", "invalid type: array, expected an object"),
            ("null", ".", "invalid type: null, expected an object"),
            (r#"{"lines":[["A",1]]}"#, "lines[0]", "invalid type: array, expected an object"),
            (r#"{"lines":[],"method":{"invoice":null}}"#, "method", "invalid type: object, expected a string"),
            (r#"{"lines":[],"method":null}"#, "method", "invalid type: null, expected a string"),
            (r#"{"lines":[],"method":7}"#, "method", "invalid type: number, expected a string"),
            (r#"{"lines":[],"method":true}"#, "method", "invalid type: boolean `true`, expected a string"),
            (r#"{"lines":[],"method":"cash"}"#, "method", "unknown variant `cash`, expected `stripe` or `invoice`"),
        ] {
            assert_eq!(fault(text), (field.to_owned(), message.to_owned()), "{text}");
        }
        let invoice = read(Some("application/json"), r#"{"lines":[],"method":"invoice","note":null}"#).unwrap();
        assert_eq!((invoice.method, invoice.note), (Method::Invoice, None));
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        let quantity = |text: &str| GOOD.replace(":1}", &format!(":{text}}}"));
        for (text, number) in
            [("2", 2), ("2.0", 2), ("2e0", 2), ("20e-1", 2), ("-0", 0), ("-3.0", -3), ("9007199254740992.0", 1 << 53)]
        {
            assert_eq!(read(Some("application/json"), quantity(text)).unwrap(), line(number), "{text}");
        }
        for text in ["2.5", "1e30", "9007199254740994.0", "18446744073709551615"] {
            assert_eq!(fault(&quantity(text)).0, "lines[0].quantity", "{text}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        for text in [r#"{"lines":[],"note":"\ud83d"}"#, r#"{"lines":[],"note":"\ude00"}"#, r#"{"\ud83d":1}"#] {
            match read(Some("application/json"), text) {
                Err(ApiError::MalformedBody(message)) => assert!(message.contains("surrogate"), "{message}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
