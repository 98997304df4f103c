//! What goes on by itself: the stream is read, the queues are worked off, the checkpoint follows, secrets are taken up.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use suite::{QueueMapping, StreamMapping};
use tokio::time::{sleep, timeout};

use super::{EmbeddedError, Local, checkpoint, go, secrets};

/// How often the stream is looked at.
const STREAM_PAUSE: Duration = Duration::from_millis(25);
/// How often a failing stream is looked at.
const STREAM_RETRY: Duration = Duration::from_secs(1);
/// A queue is looked at this often, even when nothing seems to change: visibility timeouts end quietly.
const QUEUE_PAUSE: Duration = Duration::from_millis(500);
/// Changes of this long share one checkpoint.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(50);
/// What is past its time is deleted this often. DynamoDB itself takes up to 48 hours.
const SWEEP_PAUSE: Duration = Duration::from_mins(1);
/// Schedules are looked at this often; the shortest that EventBridge knows is a minute.
const SCHEDULE_PAUSE: Duration = Duration::from_secs(1);
/// Pollers for one queue; Lambda starts with five.
const POLLERS: usize = 5;

/// Starts the pollers, and keeps the checkpoint until it cannot be written.
pub async fn work(suite: &Rc<Local>, folder: &Path) -> Result<(), EmbeddedError> {
    for mapping in &suite.wiring().stream_mappings {
        go(read_stream(Rc::clone(suite), mapping.clone()));
    }
    for mapping in &suite.wiring().queue_mappings {
        for _ in 0..mapping.concurrency.min(POLLERS) {
            go(work_off(Rc::clone(suite), mapping.clone()));
        }
    }
    go(sweep(Rc::clone(suite)));
    go(keep_schedules(Rc::clone(suite)));
    go(secrets::follow(suite.settings().secrets.clone(), folder.to_owned()));
    loop {
        suite.bus().changed().await;
        sleep(CHECKPOINT_PAUSE).await;
        checkpoint::save(suite, folder).await?;
    }
}

async fn read_stream(suite: Rc<Local>, mapping: StreamMapping) {
    loop {
        match suite.pump(&mapping).await {
            Ok(Some(_)) => {}
            Ok(None) => sleep(STREAM_PAUSE).await,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "stream not read");
                sleep(STREAM_RETRY).await;
            }
        }
    }
}

async fn work_off(suite: Rc<Local>, mapping: QueueMapping) {
    loop {
        let changed = suite.bus().changed();
        if suite.poll(&mapping).await.is_none() {
            timeout(QUEUE_PAUSE, changed).await.ok();
        }
    }
}

async fn keep_schedules(suite: Rc<Local>) {
    loop {
        suite.run_schedules().await;
        sleep(SCHEDULE_PAUSE).await;
    }
}

async fn sweep(suite: Rc<Local>) {
    loop {
        sleep(SWEEP_PAUSE).await;
        if let Err(error) = suite.store().sweep() {
            tracing::warn!(error = &error as &dyn std::error::Error, "nothing swept");
        }
    }
}
