//! What a passport says.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

/// All that AWS has to know of a function.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Passport {
    /// What its logical ids begin with, where that is not its name in `PascalCase`.
    pub id: Option<String>,
    /// Routes that only callers known to the authorizer reach, as `GET /v1/orders`.
    #[serde(default)]
    pub routes: Vec<String>,
    /// Routes that anyone may call.
    #[serde(default)]
    pub public_routes: Vec<String>,
    /// The queue that it reads.
    pub queue: Option<Queue>,
    /// The table whose stream it reads.
    pub stream: Option<Stream>,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// Whether it is the API's authorizer.
    #[serde(default)]
    pub authorizer: bool,
    /// Memory in MB, where it is not the frame's.
    pub memory: Option<u32>,
    /// Seconds that one invocation may take, where they are not the frame's.
    pub timeout: Option<u32>,
    /// What it may do, by table, `table/index`, secret or topic; in the order of the template.
    #[serde(deserialize_with = "in_order")]
    pub may: Vec<(String, Access)>,
    /// Variables that hand parameters of the template on.
    #[serde(default)]
    pub env: Vec<String>,
}

impl Passport {
    /// Whether it answers requests of the API.
    pub fn has_routes(&self) -> bool {
        !self.routes.is_empty() || !self.public_routes.is_empty()
    }

    /// Whether its role's policy allows this action on the items of a table or `table/index` that have these partition
    /// keys: as IAM decides by `dynamodb:LeadingKeys`, all of them have to match patterns of one statement.
    pub fn allows(&self, resource: &str, action: &str, keys: &[impl AsRef<str>]) -> bool {
        let grants = self.may.iter().filter(|(what, _)| what == resource).flat_map(|(_, access)| access.grants());
        grants.into_iter().any(|grant| grant.actions.contains(&action) && grant.covers(keys))
    }
}

/// What a function may do with a resource.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Access {
    /// These actions, separated by blanks and without the service's prefix.
    Actions(String),
    /// The same for a table or an index, by the partition keys: one pattern or several, separated by blanks.
    ByKeys(#[serde(deserialize_with = "in_order")] Vec<(String, String)>),
}

impl Access {
    /// Actions, and the patterns of the partition keys that they are confined to; no pattern for what is no table.
    pub fn grants(&self) -> Vec<Grant<'_>> {
        match self {
            Self::Actions(actions) => vec![Grant { actions: words(actions), keys: Vec::new() }],
            Self::ByKeys(by_keys) => {
                by_keys.iter().map(|(keys, actions)| Grant { actions: words(actions), keys: words(keys) }).collect()
            }
        }
    }
}

/// What one statement of a policy allows.
#[derive(Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    /// The actions, without the service's prefix.
    pub actions: Vec<&'a str>,
    /// Patterns of the partition keys.
    pub keys: Vec<&'a str>,
}

impl Grant<'_> {
    /// Whether each of the keys matches one of the patterns; not if there is no key.
    pub fn covers(&self, keys: &[impl AsRef<str>]) -> bool {
        let matches = |key: &str| self.keys.iter().any(|pattern| is_like(key, pattern));
        !keys.is_empty() && keys.iter().all(|key| matches(key.as_ref()))
    }
}

/// `StringLike` of IAM as far as passports use it: a `*` stands for any letters.
fn is_like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| is_like(&rest[at..], after))
        }),
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// A queue of its own, subscribed to the topic.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The event types that it hears; one that ends in `*` is a prefix.
    pub events: Vec<String>,
    /// Messages in one invocation, at most.
    pub batch: u32,
    /// Invocations at once, at most.
    pub at_once: u32,
}

/// A table's stream.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// The table.
    pub table: String,
    /// `INSERT`, `MODIFY`, `REMOVE`: which changes it hears.
    pub changes: Vec<String>,
    /// What the sort keys of these items begin with.
    pub sort_keys: String,
}

/// When a function runs by itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// As in `rate(…)` of EventBridge Scheduler: `5 minutes`.
    pub every: String,
    /// How often an invocation is tried again that could not begin.
    pub retries: u32,
    /// For how many seconds.
    pub retry_for: u32,
}

/// The pairs of a mapping, in the order of the file.
fn in_order<'de, D: Deserializer<'de>, V: DeserializeOwned>(deserializer: D) -> Result<Vec<(String, V)>, D::Error> {
    let fields = serde_yaml_ng::Mapping::deserialize(deserializer)?;
    let pair = |(key, value)| {
        let name = serde_yaml_ng::from_value(key).map_err(D::Error::custom)?;
        Ok((name, serde_yaml_ng::from_value(value).map_err(D::Error::custom)?))
    };
    fields.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_allows_what_one_of_its_statements_does() {
        let passport = "routes: [GET /v1/x]\nmay: { identity: { cus_* usr_*: GetItem PutItem, link#*: GetItem } }";
        let passport: Passport = serde_yaml_ng::from_str(passport).unwrap();
        for (action, keys, is_allowed) in [
            ("GetItem", &["cus_1"][..], true),
            ("GetItem", &["cus_1", "usr_1"], true),
            ("GetItem", &["cus_1", "link#1"], false),
            ("PutItem", &["link#1"], false),
            ("PutItem", &["email#cus_1"], false),
            ("DeleteItem", &["cus_1"], false),
            ("GetItem", &[], false),
        ] {
            assert_eq!(passport.allows("identity", action, keys), is_allowed, "{action} {keys:?}");
        }
        assert!(!passport.allows("identity/by_listing", "GetItem", &["cus_1"]));
    }

    #[test]
    fn a_star_stands_for_any_letters() {
        for (text, pattern, is_so) in [
            ("bucket#read/1", "bucket#read/*", true),
            ("bucket#read", "bucket#read/*", false),
            ("a", "*", true),
            ("", "*", true),
            ("paid#7", "*#*", true),
            ("Bucket#read/1", "bucket#*", false),
            ("products", "products", true),
            ("products2", "products", false),
        ] {
            assert_eq!(is_like(text, pattern), is_so, "{text} {pattern}");
        }
    }
}
