//! The template on MiniStack, by the script beside this file: boto3 comes with MiniStack's environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Serialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::build::Programs;
use super::{CloudError, REGION};
use crate::accounts::{ALERT_EMAIL, MAIL_FROM, ORIGINS, SPREADSHEET, Secrets};
use crate::paths;
use crate::stack::{Queue, SECRET_FRESH_SECONDS, SECRETS};

/// Name of the stack, and what the names of its functions, queues and topic begin with.
pub const STACK: &str = "cis-local";

/// The script's input.
#[derive(Serialize)]
struct Job<'a> {
    endpoint_url: &'a str,
    region: &'a str,
    stack_name: &'a str,
    template: PathBuf,
    programs: &'a Programs,
    zips: PathBuf,
    parameters: BTreeMap<&'a str, String>,
    secrets: BTreeMap<&'static str, &'a str>,
}

/// The stack's outputs.
pub struct Outputs(BTreeMap<String, String>);

impl Outputs {
    /// An output's value.
    ///
    /// # Errors
    ///
    /// The template has no such output.
    pub fn get(&self, name: &str) -> Result<String, CloudError> {
        self.0.get(name).cloned().ok_or_else(|| CloudError::NoOutput(name.to_owned()))
    }

    /// The queues by their consumer's name: `SendEmailDlqUrl` is what `send-email` gave up on, `SendEmailQueueUrl` what
    /// it reads, `SendEmailUndeliveredUrl` what the topic could not deliver.
    pub fn queues(&self) -> BTreeMap<String, Queue> {
        let dead = self.0.iter().filter_map(|(name, url)| Some((name.strip_suffix("DlqUrl")?, url)));
        let queue = |(name, url): (&str, &String)| {
            let [read, undelivered] = ["Queue", "Undelivered"].map(|it| self.0.get(&format!("{name}{it}Url")).cloned());
            (kebab(name), Queue { url: read, dead_letters_url: url.clone(), undelivered_url: undelivered })
        };
        dead.map(queue).collect()
    }
}

/// `SendEmail` as `send-email`.
fn kebab(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// Deploys the template with these programs, and gives the secrets their values.
///
/// # Errors
///
/// The template does not deploy; the script says why.
pub async fn deploy(
    python: &Path,
    endpoint_url: &str,
    programs: &Programs,
    sandbox_url: &str,
    secrets: &Secrets,
    rate_limit_scale: u32,
) -> Result<Outputs, CloudError> {
    let job = Job {
        endpoint_url,
        region: REGION,
        stack_name: STACK,
        template: paths::root().join("template.yaml"),
        programs,
        zips: paths::state().join("zips"),
        parameters: parameters(sandbox_url, rate_limit_scale),
        secrets: SECRETS.into_iter().filter_map(|(name, _, output)| Some((output, &**secrets.get(name)?))).collect(),
    };
    let mut script = Command::new(python)
        .arg(paths::root().join("cis/src/cloud/deploy.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(CloudError::Script)?;
    if let Some(mut input) = script.stdin.take() {
        let job = serde_json::to_vec(&job).map_err(|error| CloudError::Script(error.into()))?;
        input.write_all(&job).await.map_err(CloudError::Script)?;
    }
    let output = script.wait_with_output().await.map_err(CloudError::Script)?;
    if !output.status.success() {
        return Err(CloudError::Deploy(super::python::last_line(&output)));
    }
    serde_json::from_slice(&output.stdout).map(Outputs).map_err(|error| CloudError::Script(error.into()))
}

/// The template's parameters that are other than their defaults here.
fn parameters(sandbox_url: &str, rate_limit_scale: u32) -> BTreeMap<&'static str, String> {
    let rate_limit_scale = rate_limit_scale.to_string();
    [
        ("MailFrom", MAIL_FROM),
        ("AlertEmail", ALERT_EMAIL),
        ("SpreadsheetId", SPREADSHEET),
        ("AllowedOrigins", ORIGINS),
        ("RateLimitScale", &rate_limit_scale),
        ("StripeApiUrl", sandbox_url),
        ("SendGridApiUrl", sandbox_url),
        ("SheetsApiUrl", sandbox_url),
        // MiniStack heeds no other bound of a stream's mapping, and this is its least.
        ("StreamRecordMaxAgeSeconds", "60"),
        // The sandbox's evidence comes within a second.
        ("MailEvidenceWaitSeconds", "5"),
        ("SecretFreshSeconds", &SECRET_FRESH_SECONDS.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_found_among_the_outputs() {
        let outputs = ["ApiId", "OrderStreamDlqUrl", "SendEmailDlqUrl", "SendEmailQueueUrl", "SendEmailUndeliveredUrl"];
        let outputs = Outputs(outputs.map(|name| (name.to_owned(), format!("http://{name}"))).into());
        let queues = outputs.queues();
        assert_eq!(queues.keys().collect::<Vec<_>>(), ["order-stream", "send-email"]);
        assert_eq!(queues["order-stream"].url, None);
        assert_eq!(queues["send-email"].url.as_deref(), Some("http://SendEmailQueueUrl"));
        assert_eq!(queues["send-email"].dead_letters_url, "http://SendEmailDlqUrl");
        assert_eq!(queues["send-email"].undelivered_url.as_deref(), Some("http://SendEmailUndeliveredUrl"));
    }
}
