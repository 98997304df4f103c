//! Where the SDK's settings come from: Lambda's environment variables.

use std::fmt;

use aws_credential_types::Credentials;

/// An environment variable is not set, or is empty.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {0} is not set")]
pub struct MissingVariable(pub &'static str);

/// Region, credentials and endpoint. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct Settings {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`; the keys of a Lambda role always come with one.
    pub session_token: Option<String>,
    /// `AWS_ENDPOINT_URL`: the URL of a local stack that stands in for AWS; `None` on AWS.
    pub endpoint_url: Option<String>,
}

impl Settings {
    /// Reads the process's environment.
    ///
    /// # Errors
    ///
    /// The first variable that is missing.
    pub fn from_env() -> Result<Self, MissingVariable> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// For a local stand-in of AWS: any region and any keys will do.
    pub fn local(endpoint_url: &str) -> Self {
        Self {
            region: "eu-central-1".to_owned(),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
            endpoint_url: Some(endpoint_url.to_owned()),
        }
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, MissingVariable> {
        let optional = |name: &str| variable(name).filter(|value| !value.is_empty());
        let required = |name: &'static str| optional(name).ok_or(MissingVariable(name));
        Ok(Self {
            region: required("AWS_REGION")?,
            access_key_id: required("AWS_ACCESS_KEY_ID")?,
            secret_access_key: required("AWS_SECRET_ACCESS_KEY")?,
            session_token: optional("AWS_SESSION_TOKEN"),
            endpoint_url: optional("AWS_ENDPOINT_URL"),
        })
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::new(
            self.access_key_id.clone(),
            self.secret_access_key.clone(),
            self.session_token.clone(),
            None,
            "environment",
        )
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lambda(name: &str) -> Option<String> {
        let value = match name {
            "AWS_REGION" => "eu-west-1",
            "AWS_ACCESS_KEY_ID" => "AKID",
            "AWS_SECRET_ACCESS_KEY" => "top-secret",
            "AWS_SESSION_TOKEN" => "the-token",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn lambdas_variables_are_read() {
        let settings = Settings::read(lambda).unwrap();
        assert_eq!(settings.region, "eu-west-1");
        assert_eq!(settings.session_token.as_deref(), Some("the-token"));
        assert_eq!(settings.endpoint_url, None);
        assert_eq!(settings.credentials().access_key_id(), "AKID");
    }

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            for left in [None, Some(String::new())] {
                let error = Settings::read(|asked| if asked == name { left.clone() } else { lambda(asked) });
                assert_eq!(error.err(), Some(MissingVariable(name)));
            }
        }
        let message = MissingVariable("AWS_REGION").to_string();
        assert_eq!(message, "environment variable AWS_REGION is not set");
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let shown = format!("{:?}", Settings::read(lambda).unwrap());
        assert!(shown.contains("eu-west-1"));
        for secret in ["AKID", "top-secret", "the-token"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
