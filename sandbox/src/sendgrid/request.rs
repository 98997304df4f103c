//! The body of `POST /v3/mail/send`, as far as the stand-in looks at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An email address with the name that is shown for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address; checked in `validate`.
    #[serde(default)]
    pub email: String,
    /// The display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Address {
    /// Whether SendGrid reads the name as a list of addresses, and drops the mail: it has a comma or a semicolon and is
    /// not one quoted string (sendgrid/sendgrid-python issue 291; its libraries quote such names).
    pub fn is_taken_for_a_list(&self) -> bool {
        let Some(name) = &self.name else { return false };
        let quoted = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        name.contains([',', ';']) && quoted.is_none_or(|inner| inner.contains('"'))
    }
}

/// One body part.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Content {
    /// MIME type.
    #[serde(default, rename = "type")]
    pub mime: String,
    /// The text.
    #[serde(default)]
    pub value: String,
}

/// One attached file.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Attachment {
    /// Base64.
    #[serde(default)]
    pub content: String,
    /// The file's name.
    #[serde(default)]
    pub filename: String,
}

/// One envelope of the request: who gets it, and what differs for them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Personalization {
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    pub from: Option<Address>,
    pub subject: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub substitutions: BTreeMap<String, String>,
    pub dynamic_template_data: Option<Value>,
    pub custom_args: BTreeMap<String, String>,
    pub send_at: Option<i64>,
}

impl Personalization {
    /// Every recipient with the field it stands in.
    pub fn recipients(&self) -> impl Iterator<Item = (&'static str, usize, &Address)> {
        [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)]
            .into_iter()
            .flat_map(|(field, list)| list.iter().enumerate().map(move |(index, address)| (field, index, address)))
    }
}

/// The whole request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SendRequest {
    pub personalizations: Vec<Personalization>,
    pub from: Option<Address>,
    pub reply_to: Option<Address>,
    pub reply_to_list: Option<Vec<Address>>,
    pub subject: Option<String>,
    pub content: Option<Vec<Content>>,
    pub attachments: Vec<Attachment>,
    pub template_id: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub categories: Vec<String>,
    pub custom_args: BTreeMap<String, String>,
    pub send_at: Option<i64>,
    pub mail_settings: MailSettings,
}

/// The one mail setting that changes what the endpoint does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MailSettings {
    pub sandbox_mode: Toggle,
}

/// An on/off setting.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Toggle {
    pub enable: bool,
}
