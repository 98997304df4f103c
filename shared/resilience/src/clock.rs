//! Time, handed in.

use std::time::{Duration, SystemTime};

use timestamp::Timestamp;

/// Says what time it is and waits. Product code asks this, never the system.
pub trait Clock {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Waits for a while by this clock.
    async fn sleep(&self, duration: Duration);
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    async fn sleep(&self, duration: Duration) {
        (**self).sleep(duration).await;
    }
}

/// The machine's clock and Tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(0).plus(since_epoch)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
