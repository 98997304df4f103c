//! How a stack is started, and what is known of the one that is up: `target/cis/stack.json`, for the other commands and
//! for other tools.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use suite::secrets;

use crate::paths;

/// How to start a stack.
#[derive(Clone, Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Options {
    /// The real binaries and the real template, on MiniStack (needs Python), instead of one process.
    #[arg(long)]
    pub cloud: bool,
    /// Forget what an earlier stack stored. The cloud stack always starts fresh.
    #[arg(long)]
    pub fresh: bool,
    /// Return when the stack is ready, and leave it running until `cargo cis down`.
    #[arg(long)]
    pub background: bool,
    /// Build the functions as they go to AWS: slow to build, fast to run.
    #[arg(long)]
    pub release: bool,
    /// Multiplies every rate limit; 0 switches them off.
    #[arg(long, default_value_t = 1)]
    pub rate_limit_scale: u32,
}

/// The stack that is up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stack {
    /// Which of the two.
    pub kind: Kind,
    /// The process that runs it; ends it all when asked to end.
    pub pid: u32,
    /// Process groups that it started: in the cloud stack, MiniStack with all functions. They end with it.
    #[serde(default)]
    pub groups: Vec<u32>,
    /// Origin of the API, without a trailing slash; routes stand under `/v1`.
    pub api_url: String,
    /// Origin of the sandbox: Stripe, SendGrid, Google, and `/_sandbox/…`.
    pub sandbox_url: String,
    /// Where the AWS SDK finds the services: DynamoDB in both stacks, all of them in the cloud stack.
    pub endpoint_url: String,
    /// Region that its names are in.
    pub region: String,
    /// Table names.
    pub tables: Tables,
    /// Queues by their consumer's name.
    #[serde(default)]
    pub queues: BTreeMap<String, Queue>,
    /// Topic of the order events; the embedded stack has none to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic_arn: Option<String>,
    /// Ids of the secrets, by the functions' variables; the embedded stack has none.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// A factor for every rate limit.
    pub rate_limit_scale: u32,
    /// Folder with one file of log lines for each function.
    pub logs: PathBuf,
}

/// The secrets: the suite's name, the functions' variable for it, and the template's output with its id.
pub const SECRETS: [(&str, &str, &str); 10] = [
    (secrets::STRIPE, "STRIPE_SECRET_ID", "StripeSecretArn"),
    (secrets::STRIPE_WEBHOOK, "STRIPE_WEBHOOK_SECRET_ID", "StripeWebhookSecretArn"),
    (secrets::SENDGRID, "SENDGRID_SECRET_ID", "SendGridSecretArn"),
    (secrets::SENDGRID_WEBHOOK, "SENDGRID_WEBHOOK_SECRET_ID", "SendGridWebhookSecretArn"),
    (secrets::GOOGLE, "GOOGLE_SECRET_ID", "GoogleSecretArn"),
    (secrets::TOKEN_KEYS, "TOKEN_KEYS_SECRET_ID", "TokenKeysSecretArn"),
    (secrets::TOKEN_SIGNING, "TOKEN_SIGNING_SECRET_ID", "TokenSigningSecretArn"),
    (secrets::LINK_KEYS, "LINK_KEYS_SECRET_ID", "LinkKeysSecretArn"),
    (secrets::REFRESH_KEYS, "REFRESH_KEYS_SECRET_ID", "RefreshKeysSecretArn"),
    (secrets::OAUTH, "OAUTH_SECRET_ID", "OAuthSecretArn"),
];

/// How long the local stacks' functions use a secret without asking again, in seconds: a rotation takes a moment.
pub const SECRET_FRESH_SECONDS: u64 = 1;

/// Key id and secret key of the local stacks: MiniStack takes them for the account's root, the embedded stack takes
/// anything.
pub const LOCAL_KEYS: &str = "test";

/// The two local stacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Every handler in one process.
    Embedded,
    /// The real binaries and the real template, on MiniStack.
    Cloud,
}

/// Names of the tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tables {
    /// Orders and their events.
    pub orders: String,
    /// Products, stock and reservations.
    pub catalogue: String,
    /// Mails and sheet rows.
    pub effects: String,
    /// Accounts, sessions and API keys.
    pub identity: String,
    /// Rate limits.
    pub guards: String,
}

/// Addresses of a consumer's queues.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Queue {
    /// What it reads; a stream's consumer has no queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it gave up on.
    pub dead_letters_url: String,
    /// What the topic could not deliver to it; a stream's consumer hears no topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undelivered_url: Option<String>,
}

impl Stack {
    /// The stack that is up, or that went without tidying up; none otherwise.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read.
    pub fn load() -> io::Result<Option<Self>> {
        match std::fs::read(paths::stack_file()) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How the AWS SDK reaches it.
    pub fn aws(&self) -> aws::Settings {
        let keys = || LOCAL_KEYS.to_owned();
        let (access_key_id, secret_access_key) = (keys(), keys());
        aws::Settings { access_key_id, secret_access_key, ..aws::Settings::local(&self.endpoint_url) }
    }

    /// Tells everyone that the stack is ready. Readers see the old file or the new one, never half of it.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn announce(&self) -> io::Result<()> {
        paths::replace(&paths::stack_file(), &serde_json::to_vec_pretty(self)?)
    }
}

/// Forgets the stack: it is down.
///
/// # Errors
///
/// The file cannot be removed.
pub fn forget() -> io::Result<()> {
    match std::fs::remove_file(paths::stack_file()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The right to run a stack; held until dropped, and released when its process ends, however it ends.
///
/// # Errors
///
/// The lock's file cannot be written. `None` when a stack is up.
pub fn claim() -> io::Result<Option<File>> {
    paths::private_folder(&paths::state())?;
    let file = File::options().create(true).truncate(false).write(true).open(paths::lock_file())?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
