//! `cargo cis up` and `cargo cis down`: a local stack, in the foreground until Ctrl-C or in the background until down.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::stack::{self, Options, Stack};
use crate::{cloud, embedded, paths, process};

/// How long `down` waits for a stack to tidy up after itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Why the stack cannot start.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// One at a time: they share the folder and the file of addresses.
    #[error("a stack is up already; `cargo cis down` ends it")]
    AlreadyUp,
    /// The stack in the background ended before it was ready.
    #[error("the stack did not start; all of its output is in {}", .0.display())]
    NotStarted(PathBuf),
    /// The cloud stack's own reasons.
    #[error(transparent)]
    Cloud(#[from] cloud::CloudError),
    /// The embedded stack's own reasons.
    #[error(transparent)]
    Embedded(#[from] embedded::EmbeddedError),
    /// A file or a process under `target/cis`.
    #[error("cannot keep the stack's files")]
    Files(#[from] io::Error),
}

/// Starts a stack, and runs it until asked to end unless it goes to the background.
///
/// # Errors
///
/// A stack is up already, or this one cannot be started.
pub async fn up(options: &Options) -> Result<(), UpError> {
    let lock = stack::claim()?.ok_or(UpError::AlreadyUp)?;
    // A stack that was killed could not tidy up.
    stack::forget()?;
    if options.background {
        drop(lock);
        return background(options).await;
    }
    let ended = if options.cloud {
        cloud::run(options).await.map_err(UpError::from)
    } else {
        embedded::run(options).await.map_err(UpError::from)
    };
    stack::forget()?;
    drop(lock);
    ended
}

/// Ends the stack that is up. True when there was one.
///
/// # Errors
///
/// The stack's files cannot be read or removed.
pub async fn down() -> Result<bool, UpError> {
    let Some(stack) = Stack::load()? else { return Ok(false) };
    if stack::claim()?.is_none() {
        process::terminate(stack.pid);
        if !ends(PATIENCE).await? {
            process::kill(stack.pid);
            ends(PATIENCE).await?;
        }
    }
    stack::forget()?;
    Ok(true)
}

/// Starts the stack as another process, and shows its output until it is ready.
async fn background(options: &Options) -> Result<(), UpError> {
    let log = paths::up_log();
    paths::private_folder(&paths::state())?;
    paths::replace(&log, b"")?;
    let mut child = process::detach(&arguments(options), &log)?;
    let mut shown = 0;
    loop {
        let ended = child.try_wait()?.is_some();
        let ready = Stack::load()?.is_some_and(|stack| stack.pid == child.id());
        shown = show(&log, shown)?;
        if ready {
            return Ok(());
        }
        if ended {
            return Err(UpError::NotStarted(log));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn arguments(options: &Options) -> Vec<String> {
    let flags = [("--cloud", options.cloud), ("--fresh", options.fresh), ("--release", options.release)];
    let given = flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned());
    let scale = format!("--rate-limit-scale={}", options.rate_limit_scale);
    std::iter::once("up".to_owned()).chain(given).chain([scale]).collect()
}

/// Shows what a file has beyond what was shown, and says how much that is now.
fn show(log: &std::path::Path, shown: usize) -> io::Result<usize> {
    use std::io::Write as _;
    let text = std::fs::read(log)?;
    io::stdout().write_all(text.get(shown..).unwrap_or_default())?;
    Ok(text.len())
}

/// Whether the stack ends in time: then its lock is free.
async fn ends(patience: Duration) -> io::Result<bool> {
    let start = Instant::now();
    while start.elapsed() < patience {
        if stack::claim()?.is_some() {
            return Ok(true);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}
