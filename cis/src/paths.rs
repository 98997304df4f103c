//! Where the command keeps its things. All of it is under `target/cis`, so that `cargo clean` removes it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    let cis = Path::new(env!("CARGO_MANIFEST_DIR"));
    cis.parent().unwrap_or(cis).to_path_buf()
}

/// What outlives one run of the command: addresses, data, logs, the Python environment.
pub fn state() -> PathBuf {
    root().join("target").join("cis")
}

/// Addresses, ids and names of the stack that is up. There while it is up.
pub fn stack_file() -> PathBuf {
    state().join("stack.json")
}

/// Held locked by the process that runs a stack.
pub fn lock_file() -> PathBuf {
    state().join("up.lock")
}

/// What the embedded stack stores: tables, queues, the sandbox's journal.
pub fn embedded() -> PathBuf {
    state().join("embedded")
}

/// What a stack in the background prints.
pub fn up_log() -> PathBuf {
    state().join("up.log")
}

/// One file of log lines for each function.
pub fn logs() -> PathBuf {
    state().join("logs")
}

/// Links to Node and npm, where the machine has none of its own.
pub fn node() -> PathBuf {
    state().join("node").join("programs")
}

/// Where programs are looked for: what `PATH` says, and before it what was installed under `target/cis`.
pub fn programs() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = Some(node()).filter(|folder| folder.exists());
    std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path))).unwrap_or(path)
}

/// Writes a file so that readers see the old one or the new one, never half of it.
///
/// # Errors
///
/// The file cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, content)?;
    std::fs::rename(new, path)
}
