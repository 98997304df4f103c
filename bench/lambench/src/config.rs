//! What is measured: targets with their environment and events.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// The configuration's file.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Variables of every target.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The event of targets without one of their own.
    #[serde(default)]
    pub event: Value,
    /// The processor that targets run on; without it any.
    pub cpu: Option<usize>,
    /// The processor of this program itself.
    pub harness_cpu: Option<usize>,
    /// What is measured.
    pub targets: Vec<Target>,
}

/// A program.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// Its name in the table.
    pub name: String,
    /// The program's path and its arguments.
    pub cmd: Vec<String>,
    /// Its own event.
    pub event: Option<Value>,
    /// Text that its answer has to contain.
    pub expect: Option<String>,
}

impl Config {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }

    /// The bytes that a target is called with.
    pub fn event_of(&self, target: &Target) -> Vec<u8> {
        target.event.as_ref().unwrap_or(&self.event).to_string().into_bytes()
    }
}

impl Target {
    /// The program's file.
    pub fn program(&self) -> &Path {
        Path::new(self.cmd.first().map_or("", String::as_str))
    }
}
