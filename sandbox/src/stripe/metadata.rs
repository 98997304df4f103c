//! Metadata rules (docs.stripe.com/api/metadata): merged key by key, an empty value removes its key.

use std::collections::BTreeMap;

use super::{errors::ApiError, form::Form};

/// What the metadata is after a request.
///
/// # Errors
///
/// 400 for more than 50 keys, a key longer than 40 or a value longer than 500 characters.
pub fn merged(old: &BTreeMap<String, String>, form: &Form) -> Result<BTreeMap<String, String>, ApiError> {
    // `metadata=` unsets everything.
    if form.text("metadata") == Some("") {
        return Ok(BTreeMap::new());
    }
    let mut merged = old.clone();
    let Some(group) = form.group("metadata") else { return Ok(merged) };
    for name in group.names() {
        let Some(value) = group.text(name) else {
            return Err(ApiError::invalid(
                "metadata",
                format!("Invalid metadata: the value of {name} is not a string."),
            ));
        };
        if name.chars().count() > 40 {
            let message = format!("Metadata keys can have up to 40 characters; you passed in {name}.");
            return Err(ApiError::coded("parameter_invalid_string_too_long", "metadata", message));
        }
        if value.chars().count() > 500 {
            let message = format!("Metadata values can have up to 500 characters; the one of {name} is longer.");
            return Err(ApiError::coded("parameter_invalid_string_too_long", "metadata", message));
        }
        if value.is_empty() {
            merged.remove(name);
        } else {
            merged.insert(name.to_owned(), value.to_owned());
        }
    }
    if merged.len() > 50 {
        return Err(ApiError::invalid("metadata", "Metadata can have up to 50 keys."));
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_merged_and_removed() {
        let old = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let after = |query: &str| merged(&old, &Form::parse(query.as_bytes()));
        let same = after("").unwrap();
        assert_eq!(same, old);
        let changed = after("metadata[a]=&metadata[c]=3").unwrap();
        assert_eq!(changed.into_iter().collect::<Vec<_>>(), [("b".into(), "2".into()), ("c".into(), "3".into())]);
        assert!(after("metadata=").unwrap().is_empty());
        assert!(after(&format!("metadata[{}]=1", "k".repeat(41))).is_err());
        assert!(after(&format!("metadata[k]={}", "v".repeat(501))).is_err());
        let many: Vec<_> = (0..50).map(|n| format!("metadata[k{n}]=1")).collect();
        assert!(after(&many.join("&")).is_err(), "52 keys");
    }
}
