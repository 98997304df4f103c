//! The files of a stack, and who else may read them.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Keys, tables and journals: what is in these, below the stacks' folder. MiniStack's own files, which have modes of their
/// own, are kept by the stacks' folder alone.
const PRIVATE: [&str; 3] = ["stack.json", "signing-keys.json", "embedded"];

/// What others may read or enter, the folder itself included.
///
/// # Errors
///
/// A folder cannot be read.
pub fn open_to_others(state: &Path) -> io::Result<Vec<PathBuf>> {
    let mut open = Vec::new();
    let mut waiting: Vec<PathBuf> = PRIVATE.iter().map(|name| state.join(name)).collect();
    check(state, &mut open)?;
    while let Some(path) = waiting.pop() {
        // A name that there is not, or that went meanwhile: an SQLite journal.
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        }
        if !metadata.is_symlink() {
            check(&path, &mut open)?;
        }
    }
    Ok(open)
}

fn check(path: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => open.push(path.to_owned()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;
    use crate::paths;

    #[test]
    fn a_file_that_others_may_read_is_found() {
        let state = std::env::temp_dir().join(format!("cis-files-{}", std::process::id()));
        paths::private_folder(&state.join("embedded")).unwrap();
        paths::private_folder(&state).unwrap();
        let file = state.join("embedded/secrets.json");
        paths::replace(&file, b"{}").unwrap();
        assert_eq!(open_to_others(&state).unwrap(), Vec::<PathBuf>::new());
        std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(open_to_others(&state).unwrap(), [file]);
        std::fs::remove_dir_all(state).unwrap();
    }
}
