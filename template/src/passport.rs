//! What a passport says.

use serde::Deserialize;

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
}

/// What a function may do with a resource.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Access {
    /// These actions, separated by blanks and without the service's prefix.
    Actions(String),
    /// The same, for a part of a table.
    Keyed {
        /// The actions.
        actions: String,
        /// Pattern of the partition keys.
        keys: String,
    },
}

impl Access {
    /// The actions, without the service's prefix.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let (Self::Actions(actions) | Self::Keyed { actions, .. }) = self;
        actions.split_whitespace()
    }

    /// The pattern of the partition keys that it is confined to.
    pub fn keys(&self) -> Option<&str> {
        match self {
            Self::Actions(_) => None,
            Self::Keyed { keys, .. } => Some(keys),
        }
    }
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

fn in_order<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Access)>, D::Error> {
    use serde::de::Error as _;

    let fields = serde_yaml_ng::Mapping::deserialize(deserializer)?;
    let pair = |(key, value)| {
        let name = serde_yaml_ng::from_value(key).map_err(D::Error::custom)?;
        Ok((name, serde_yaml_ng::from_value(value).map_err(D::Error::custom)?))
    };
    fields.into_iter().map(pair).collect()
}
