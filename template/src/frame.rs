//! The names that the frame gives: tables, secrets, the topic, parameters.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml_ng::Value;

/// What a resource of the frame is to a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A DynamoDB table.
    Table,
    /// A secret of Secrets Manager.
    Secret,
    /// An SNS topic.
    Topic,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Table, Self::Secret, Self::Topic];

    /// What logical ids of this kind end with.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Table => "Table",
            Self::Secret => "Secret",
            Self::Topic => "Topic",
        }
    }

    /// What the variable ends with that names such a resource to a function.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::Secret => "SECRET_ID",
            Self::Topic => "TOPIC_ARN",
        }
    }

    /// The prefix of its actions.
    pub const fn service(self) -> &'static str {
        match self {
            Self::Table => "dynamodb",
            Self::Secret => "secretsmanager",
            Self::Topic => "sns",
        }
    }

    /// The ARN, as the template refers to it.
    pub fn arn(self, id: &str) -> String {
        match self {
            Self::Table => format!("!GetAtt {id}.Arn"),
            Self::Secret => format!("!GetAtt {id}.Id"),
            Self::Topic => format!("!Ref {id}"),
        }
    }
}

/// What the frame has, as far as passports name it.
#[derive(Debug, Deserialize)]
pub struct Frame {
    #[serde(rename = "Parameters")]
    parameters: BTreeMap<String, Parameter>,
    #[serde(rename = "Resources")]
    resources: BTreeMap<String, Value>,
    #[serde(rename = "Globals")]
    globals: Globals,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    #[serde(rename = "Type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Globals {
    #[serde(rename = "Function")]
    function: Defaults,
}

#[derive(Debug, Deserialize)]
struct Defaults {
    #[serde(rename = "Timeout")]
    timeout: u32,
}

impl Frame {
    pub fn parse(text: &str) -> Result<Self, serde_yaml_ng::Error> {
        serde_yaml_ng::from_str(text)
    }

    /// Kind and logical id of what a passport calls `orders`, `token-keys` or `order-events`.
    pub fn resource(&self, name: &str) -> Option<(Kind, &str)> {
        let (kind, id) = Kind::ALL.into_iter().find_map(|kind| {
            let wanted = plain(&[name, kind.suffix()].concat());
            self.resources.keys().find(|id| plain(id) == wanted).map(|id| (kind, id))
        })?;
        Some((kind, id))
    }

    /// What hands the parameter on that a variable is named after: `MAIL_FROM` has `MailFrom`.
    pub fn parameter(&self, variable: &str) -> Option<String> {
        let (name, parameter) = self.parameters.iter().find(|(name, _)| plain(name) == plain(variable))?;
        let is_list = parameter.kind == "CommaDelimitedList";
        Some(if is_list { format!("!Join [\",\", !Ref {name}]") } else { format!("!Ref {name}") })
    }

    /// Seconds that an invocation may take unless a passport says otherwise.
    pub const fn timeout(&self) -> u32 {
        self.globals.function.timeout
    }
}

/// A name without what the ways to write it differ in.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}
