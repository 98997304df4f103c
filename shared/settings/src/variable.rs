//! Settings from environment variables.

use std::str::FromStr;

/// A setting cannot be used. Its value is left out: it may be one that was meant for a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The variable is not set, or is empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// The value cannot be read as what it should be.
    #[error("environment variable {0} has a value that makes no sense")]
    Invalid(&'static str),
}

/// A setting without which the function cannot work.
///
/// # Errors
///
/// [`SettingError`], which names the variable.
pub fn required<T: FromStr>(name: &'static str) -> Result<T, SettingError> {
    read(name, variable)?.ok_or(SettingError::Missing(name))
}

/// A setting that has a default.
///
/// # Errors
///
/// [`SettingError::Invalid`] for a value that cannot be read: a typing error must not silently become the default.
pub fn or_default<T: FromStr>(name: &'static str, default: T) -> Result<T, SettingError> {
    Ok(read(name, variable)?.unwrap_or(default))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn read<T: FromStr>(name: &'static str, variable: impl Fn(&str) -> Option<String>) -> Result<Option<T>, SettingError> {
    let value = variable(name).filter(|value| !value.is_empty());
    value.map(|value| value.parse().map_err(|_| SettingError::Invalid(name))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parsed_and_errors_name_the_variable() {
        let environment = |name: &str| match name {
            "MAIL_EVIDENCE_WAIT_SECONDS" => Some("90".to_owned()),
            "STAGE" => Some(String::new()),
            "LIMIT" => Some("many".to_owned()),
            _ => None,
        };
        assert_eq!(read::<u32>("MAIL_EVIDENCE_WAIT_SECONDS", environment), Ok(Some(90)));
        assert_eq!(read::<String>("STAGE", environment), Ok(None), "an empty value is no value");
        assert_eq!(read::<u32>("LIMIT", environment), Err(SettingError::Invalid("LIMIT")));
        assert_eq!(SettingError::Missing("ORDERS_TABLE").to_string(), "environment variable ORDERS_TABLE is not set");
    }

    #[test]
    fn a_variable_that_nobody_sets_is_missing_or_its_default() {
        assert_eq!(required::<String>("NO_SUCH_SETTING"), Err(SettingError::Missing("NO_SUCH_SETTING")));
        assert_eq!(or_default("NO_SUCH_SETTING", 7), Ok(7));
    }
}
