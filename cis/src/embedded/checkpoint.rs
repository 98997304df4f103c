//! Queues and stream positions on file: what was published and not yet done is worked off after a restart.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{EmbeddedError, Local};
use crate::paths;

#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    positions: BTreeMap<String, String>,
    queues: Value,
}

const FILE: &str = "queues.json";

/// Saves the positions and the queues. The positions are taken first: events up to them are in the queues then, or
/// done. Events in between are handled twice after a crash, not lost.
pub async fn save(suite: &Local, folder: &Path) -> Result<(), EmbeddedError> {
    let positions = suite.stream_positions().await;
    let queues = suite.bus().snapshot()?;
    Ok(paths::replace(&folder.join(FILE), &serde_json::to_vec(&Checkpoint { positions, queues })?)?)
}

/// Goes on where the last stack ended, however it ended.
pub async fn restore(suite: &Local, folder: &Path) -> Result<(), EmbeddedError> {
    match std::fs::read(folder.join(FILE)) {
        Ok(bytes) => {
            let Checkpoint { positions, queues } = serde_json::from_slice(&bytes)?;
            suite.resume_streams(&positions).await;
            Ok(suite.bus().restore(queues)?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}
