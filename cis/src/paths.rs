//! Where the command keeps its things. All of it is under `target/cis`, so that `cargo clean` removes it.

use std::ffi::OsString;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

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

/// Writes a file so that readers see the old one or the new one, never half of it, and other users of the machine
/// neither.
///
/// # Errors
///
/// The file cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    // The mode counts when the file is created only.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?.write_all(content)?;
    std::fs::rename(new, path)
}

/// Creates a folder that only this user may enter, or closes it to others.
///
/// # Errors
///
/// The folder cannot be created, or is somebody else's.
pub fn private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// From now on, what this process and its children create is this user's alone: tables, journals, logs.
pub fn create_privately() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_tables_are_closed_to_other_users() {
        let folder = std::env::temp_dir().join(format!("cis-private-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        private_folder(&folder).unwrap();
        let file = folder.join("keys.json");
        std::fs::write(&file, "as an earlier version left it").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        replace(&file, b"{}").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        assert_eq!(std::fs::read(&file).unwrap(), b"{}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
