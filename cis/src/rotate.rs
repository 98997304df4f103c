//! `cargo cis rotate …`: a secret takes the place of another while everything goes on. On the stack that is up, or with
//! `--aws` on the account that the environment names.

pub mod mac;
pub mod signing;
pub mod webhook_secret;
mod window;

use std::fs::File;
use std::io;
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
        /// The current key is compromised: it becomes invalid at once, with everything that it signed.
        #[arg(long)]
        compromised: bool,
    },
    /// What Stripe signs webhooks with.
    StripeWebhookSecret {
        /// The new secret, as Stripe's dashboard shows it after "Roll secret"; without it the sandbox rolls its own.
        #[arg(long)]
        secret: Option<String>,
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
    /// On AWS, Stripe makes the secret.
    #[error("roll the secret in Stripe's dashboard, then hand the new one over with --secret")]
    NoSecret,
}

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
            println!("key {} signs; all others are refused within {} s", rotated.key, window.fresh.as_secs() + 1);
        }
        Subject::SigningKey { .. } => {
            let rotated = signing::rotate(&secret_store, window, ACCESS_TOKEN_LIFETIME).await?;
            let waits = if rotated.was_waiting { "is there already and " } else { "" };
            println!(
                "key {} {waits}signs from {} on; until then the present one does",
                rotated.key, rotated.active_from
            );
        }
        Subject::StripeWebhookSecret { secret, overlap_seconds } => {
            webhook_secret::prune(&secret_store, TOLERANCE).await?;
            let overlap = Duration::from_secs(*overlap_seconds);
            match (secret, sandbox_url) {
                (Some(secret), _) => webhook_secret::take_up(&secret_store, secret, overlap).await?,
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
