//! `cargo cis rotate …`: a secret takes the place of another while everything goes on. On the stack that is up, or with
//! `--aws` on the account that the environment names.

pub mod mac;
pub mod signing;
pub mod webhook_secret;
mod window;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use auth::mint::{ACCESS_TOKEN_LIFETIME, MintError};
use clap::{Args, Subcommand};
use domain::{ROTATION_GRACE, VERIFICATION_LIFETIME};
use settings::{SECRET_FRESH_FOR, SettingError, or_default};
use stripe::TOLERANCE;
use suite::secrets::{LINK_KEYS, REFRESH_KEYS};

use crate::http::HttpError;
use crate::paths;
use crate::secret_store::{SecretStore, SecretStoreError};
use crate::stack::{SECRET_FRESH_SECONDS, Stack};

pub use window::Window;

/// What to rotate, and where.
#[derive(Clone, Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    what: Subject,
    /// On AWS: region, credentials and the secrets' ids come from the same variables as the functions'.
    #[arg(long, global = true)]
    aws: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum Subject {
    /// The key that signs access tokens. The new key signs once all functions know it.
    SigningKey {
        /// The current key is compromised: it becomes invalid, with everything that it signed, as soon as the functions
        /// have read the new keys: within `SECRET_FRESH_SECONDS` (300 on AWS, 1 on a local stack), and a minute more for
        /// callers whom API Gateway remembers.
        #[arg(long)]
        compromised: bool,
    },
    /// What Stripe signs webhooks with.
    StripeWebhookSecret {
        /// File with the new secret, as Stripe's dashboard shows it after "Roll secret"; `-` is standard input. Without
        /// it, the sandbox of a local stack rolls its own, and with --aws the secret comes from standard input.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// Seconds for which Stripe signs with the old one as well.
        #[arg(long, default_value_t = 86_400)]
        overlap_seconds: u64,
    },
    /// The keys that sign links in mails. Waits until all functions know the new key.
    LinkKeys,
    /// The keys that refresh tokens derive from. Waits until all functions know the new key.
    RefreshKeys,
    /// Forgets what earlier rotations left for a while. Each rotation does so for its own secret.
    Prune,
}

/// Why nothing was rotated, or not to the end; the same command goes on.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// No stack to rotate at.
    #[error("no stack is up; `cargo cis up` starts one, and --aws is for an account")]
    NoStack,
    /// Another rotation is under way.
    #[error("another rotation is under way")]
    Busy,
    /// A file of the local stacks.
    #[error("cannot use a file of the local stack")]
    File(#[from] io::Error),
    /// A secret.
    #[error(transparent)]
    SecretStore(#[from] SecretStoreError),
    /// A key.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// `SECRET_FRESH_SECONDS`.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The sandbox is not reached.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] resilience::HttpClientError),
    /// The sandbox rolls nothing.
    #[error("the sandbox answers {0} and no secret")]
    Sandbox(u16),
    /// Stripe makes the secret; this is none.
    #[error("that is no webhook secret: roll it in Stripe's dashboard, which shows one that begins with whsec_")]
    NoSecret,
}

/// How long API Gateway remembers the authorizer's answer about a caller.
const AUTHORIZER_MEMORY: Duration = Duration::from_mins(1);

/// Where and with which waits.
struct Target {
    secret_store: SecretStore,
    window: Window,
    sandbox_url: Option<String>,
}

/// Rotates.
///
/// # Errors
///
/// [`RotateError`]. Whatever was done so far refuses no valid token; the same command goes on.
pub async fn rotate(options: &Options) -> Result<(), RotateError> {
    let _lock = lock()?;
    let Target { secret_store, window, sandbox_url } = target(options.aws)?;
    match &options.what {
        Subject::SigningKey { compromised: true } => {
            let rotated = signing::replace(&secret_store).await?;
            let (fresh, remembered) = (window.fresh.as_secs() + 1, AUTHORIZER_MEMORY.as_secs());
            println!(
                "key {} signs; functions refuse all others within {fresh} s, and API Gateway may let callers whom it has \
                 just seen pass for {remembered} s more",
                rotated.key
            );
        }
        Subject::SigningKey { .. } => {
            let rotated = signing::rotate(&secret_store, window, ACCESS_TOKEN_LIFETIME).await?;
            let waits = if rotated.was_waiting { "is there already and " } else { "" };
            println!(
                "key {} {waits}signs from {} on; until then the present one does",
                rotated.key, rotated.active_from
            );
        }
        Subject::StripeWebhookSecret { secret_file, overlap_seconds } => {
            let given = match (secret_file, &sandbox_url) {
                (Some(file), _) => Some(secret(file)?),
                (None, None) => Some(secret(Path::new("-"))?),
                (None, Some(_)) => None,
            };
            webhook_secret::prune(&secret_store, TOLERANCE).await?;
            let overlap = Duration::from_secs(*overlap_seconds);
            match (given, sandbox_url) {
                (Some(secret), _) => webhook_secret::take_up(&secret_store, &secret, overlap).await?,
                (None, Some(url)) => drop(webhook_secret::roll_at_sandbox(&secret_store, &url, overlap).await?),
                (None, None) => return Err(RotateError::NoSecret),
            }
            println!("both secrets count; `cargo cis rotate prune` forgets the old one {overlap_seconds} s from now");
        }
        Subject::LinkKeys => {
            let since = mac::rotate(&secret_store, LINK_KEYS, window, VERIFICATION_LIFETIME).await?;
            println!("links are signed with the new key since {since}");
        }
        Subject::RefreshKeys => {
            let since = mac::rotate(&secret_store, REFRESH_KEYS, window, ROTATION_GRACE).await?;
            println!("refresh tokens follow by the new key since {since}");
        }
        Subject::Prune => {
            let keys = signing::prune(&secret_store, window, ACCESS_TOKEN_LIFETIME).await?;
            let secrets = webhook_secret::prune(&secret_store, TOLERANCE).await?;
            println!("{keys} signing keys and {secrets} webhook secrets forgotten");
        }
    }
    Ok(())
}

/// The secret in a file or, for `-`, in the first line of standard input: on the command line it would stay in the
/// shell's history and in the list of processes.
fn secret(file: &Path) -> Result<String, RotateError> {
    let text = if file == Path::new("-") {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        line
    } else {
        std::fs::read_to_string(file)?
    };
    webhook_secret(&text).map(str::to_owned).ok_or(RotateError::NoSecret)
}

/// The one webhook secret in a text.
fn webhook_secret(text: &str) -> Option<&str> {
    let secret = text.trim();
    let rest = secret.strip_prefix("whsec_")?;
    (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic())).then_some(secret)
}

fn target(is_aws: bool) -> Result<Target, RotateError> {
    if is_aws {
        let fresh = Duration::from_secs(or_default("SECRET_FRESH_SECONDS", SECRET_FRESH_FOR.as_secs())?);
        return Ok(Target { secret_store: SecretStore::on_aws()?, window: Window { fresh }, sandbox_url: None });
    }
    let stack = Stack::load()?.ok_or(RotateError::NoStack)?;
    Ok(Target { secret_store: SecretStore::of(&stack)?, window: local_window(), sandbox_url: Some(stack.sandbox_url) })
}

/// The times of the local stacks.
pub const fn local_window() -> Window {
    Window { fresh: Duration::from_secs(SECRET_FRESH_SECONDS) }
}

/// One rotation at a time on this machine.
fn lock() -> Result<File, RotateError> {
    paths::private_folder(&paths::state())?;
    let file = File::options().create(true).truncate(false).write(true).open(paths::state().join("rotate.lock"))?;
    file.try_lock().map_err(|error| match error {
        std::fs::TryLockError::WouldBlock => RotateError::Busy,
        std::fs::TryLockError::Error(error) => error.into(),
    })?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_secret_is_one_word_and_stripes() {
        for (text, secret) in [
            ("whsec_abc\n", Some("whsec_abc")),
            ("  whsec_abc\r\n", Some("whsec_abc")),
            ("", None),
            ("whsec_", None),
            ("sk_live_abc", None),
            ("whsec_abc whsec_def", None),
            ("whsec_abc\nwhsec_def", None),
        ] {
            assert_eq!(webhook_secret(text), secret, "{text:?}");
        }
    }

    #[test]
    fn the_authorizers_answers_are_remembered_as_the_template_says() {
        let template = std::fs::read_to_string(paths::root().join("template.yaml")).unwrap();
        let wiring: suite::Wiring = template.parse().unwrap();
        assert_eq!(wiring.authorizer.unwrap().cached_for, AUTHORIZER_MEMORY);
    }
}
