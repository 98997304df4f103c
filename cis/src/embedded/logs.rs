//! The functions' log lines, a file for each, and one for the stack's own.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use telemetry::JsonLogs;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

/// Where the stack's own lines go.
const STACK: &str = "stack";

/// Starts logging into this folder. The first call counts.
pub fn start(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let files = Files { folder: folder.to_owned(), open: Mutex::default() };
    let logs = JsonLogs::new(LevelFilter::INFO, None, move |line: &[u8]| files.write(line));
    tracing::subscriber::set_global_default(Registry::default().with(logs)).ok();
    Ok(())
}

struct Files {
    folder: PathBuf,
    open: Mutex<HashMap<String, File>>,
}

impl Files {
    /// When logs cannot be written, a complaint cannot either.
    fn write(&self, line: &[u8]) {
        let function = function(line).unwrap_or(STACK);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.contains_key(function) {
            let path = self.folder.join(format!("{function}.log"));
            let Ok(file) = OpenOptions::new().create(true).append(true).open(path) else { return };
            open.insert(function.to_owned(), file);
        }
        if let Some(file) = open.get_mut(function) {
            file.write_all(line).ok();
        }
    }
}

/// The function that a line names. A quote within a value is escaped, so that no message can pass for the field.
fn function(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, rest) = line.split_once(r#""function":""#)?;
    let name = rest.split('"').next()?;
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_to_its_function() {
        assert_eq!(function(br#"{"level":"INFO","function":"send-email","x":1}"#), Some("send-email"));
        assert_eq!(function(br#"{"level":"INFO"}"#), None);
        assert_eq!(function(br#"{"message":"\"function\":\"send-email\""}"#), None);
        assert_eq!(function(br#"{"function":"../../etc"}"#), None);
    }
}
