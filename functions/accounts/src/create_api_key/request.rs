//! The validated request.

use std::time::Duration;

use domain::{FieldError, KeyId, Scope, Scopes, check_text};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;

/// The longest name of a key, in characters.
pub const MAX_NAME: usize = 100;
/// The longest lifetime of a key, in days.
pub const MAX_DAYS: u32 = 730;
/// The longest overlap with a replaced key, in seconds: a week.
pub const MAX_OVERLAP_SECONDS: u32 = 604_800;

const DEFAULT_DAYS: u32 = 90;
const DEFAULT_OVERLAP_SECONDS: u32 = 86_400;
const DAY: Duration = Duration::from_hours(24);

/// The body as it was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKeyBody)]
pub(crate) struct KeyBody {
    /// The key's name.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*[^\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff][^\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
    )]
    name: String,
    #[schema(schema_with = api::scopes_schema, required = false)]
    scopes: Option<Vec<String>>,
    /// The lifetime of the key in days; 90 by default.
    #[schema(format = Int32, minimum = 1, maximum = 730)]
    expires_in_days: Option<u32>,
    #[serde(default, deserialize_with = "domain::unless_empty")]
    #[schema(schema_with = replaces_schema, required = false)]
    replaces: Option<KeyId>,
    /// How many seconds the replaced key stays valid; a day by default. Requires `replaces`.
    #[schema(format = Int32, minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<u32>,
}

fn replaces_schema() -> Schema {
    domain::or_empty::<KeyId>("The key that it replaces, whose scopes it takes over unless others are given.")
}

/// A validated request for a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NewApiKeyRequest {
    pub name: String,
    /// `None` takes those of the replaced key.
    pub scopes: Option<Scopes>,
    pub lifetime: Duration,
    pub replaces: Option<Replacement>,
}

/// The key to replace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub key: KeyId,
    /// How long both keys are valid.
    pub overlap: Duration,
}

pub(crate) fn read(body: KeyBody) -> Result<NewApiKeyRequest, FieldError> {
    let days = body.expires_in_days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(FieldError::new("expires_in_days", format!("must be 1 to {MAX_DAYS}")));
    }
    let scopes = body.scopes.map(|words| scopes(&words)).transpose()?;
    if scopes.is_none() && body.replaces.is_none() {
        return Err(FieldError::new("scopes", "is required"));
    }
    let replaces = replaced(body.replaces, body.overlap_seconds)?;
    Ok(NewApiKeyRequest { name: name(body.name)?, scopes, lifetime: DAY * days, replaces })
}

fn name(name: String) -> Result<String, FieldError> {
    check_text(&name, MAX_NAME).map_err(|error| FieldError::new("name", error.to_string()))?;
    Ok(name)
}

fn scopes(words: &[String]) -> Result<Scopes, FieldError> {
    let known: Vec<_> = Scope::ALL.map(Scope::as_str).into();
    let scope = |(index, word): (usize, &String)| {
        word.parse::<Scope>()
            .map_err(|_| FieldError::new(format!("scopes[{index}]"), format!("must be one of {}", known.join(", "))))
    };
    let scopes: Scopes = words.iter().enumerate().map(scope).collect::<Result<_, _>>()?;
    if scopes.is_empty() { Err(FieldError::new("scopes", "must have at least one")) } else { Ok(scopes) }
}

fn replaced(key: Option<KeyId>, overlap: Option<u32>) -> Result<Option<Replacement>, FieldError> {
    let fault = |message: String| FieldError::new("overlap_seconds", message);
    match (key, overlap) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(fault("there is no overlap without a key that is replaced".to_owned())),
        (Some(_), Some(seconds)) if seconds > MAX_OVERLAP_SECONDS => {
            Err(fault(format!("must be 0 to {MAX_OVERLAP_SECONDS}")))
        }
        (Some(key), overlap) => {
            let overlap = Duration::from_secs(u64::from(overlap.unwrap_or(DEFAULT_OVERLAP_SECONDS)));
            Ok(Some(Replacement { key, overlap }))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const KEY: &str = "key_00000000000000000000000000000001";

    fn asked(name: &str, value: Value) -> Result<NewApiKeyRequest, FieldError> {
        let mut body = json!({ "name": "warehouse", "scopes": ["orders:read"], "replaces": KEY });
        body[name] = value;
        read(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let body = json!({ "name": "w", "scopes": ["orders:read", "orders:cancel", "orders:read"] });
        let new_key = read(serde_json::from_value(body).unwrap()).unwrap();
        let scopes = [Scope::OrdersRead, Scope::OrdersCancel].into_iter().collect();
        assert_eq!(
            new_key,
            NewApiKeyRequest { name: "w".to_owned(), scopes: Some(scopes), lifetime: DAY * 90, replaces: None }
        );
        let replacing = json!({ "name": "w", "replaces": KEY });
        let new_key = read(serde_json::from_value(replacing).unwrap()).unwrap();
        assert_eq!(new_key.scopes, None);
        assert_eq!(new_key.replaces, Some(Replacement { key: KEY.parse().unwrap(), overlap: DAY }));
    }

    #[test]
    fn the_bounds_belong_to_what_is_allowed() {
        for (field, good, bad) in [
            (
                "name",
                vec![json!("n"), json!("n".repeat(100))],
                vec![json!(""), json!("  "), json!("a\nb"), json!("a\u{202e}b"), json!("n".repeat(101))],
            ),
            ("scopes", vec![json!(["orders:place"])], vec![json!([]), json!(["orders:place", "root"]), json!([""])]),
            ("expires_in_days", vec![json!(1), json!(730)], vec![json!(0), json!(731)]),
            ("overlap_seconds", vec![json!(0), json!(604_800)], vec![json!(604_801), json!(u32::MAX)]),
        ] {
            for value in good {
                assert!(asked(field, value.clone()).is_ok(), "{field} {value}");
            }
            for value in bad {
                assert!(asked(field, value.clone()).unwrap_err().field.starts_with(field), "{field} {value}");
            }
        }
        assert_eq!(replaced(None, Some(1)).unwrap_err().field, "overlap_seconds");
        let unscoped = json!({ "name": "w" });
        assert_eq!(read(serde_json::from_value(unscoped).unwrap()).unwrap_err().field, "scopes");
    }
}
