//! The machine's clock, which can be put forward: limits fill up again and webhooks come due without waiting.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use domain::Timestamp;
use resilience::{Clock, SystemClock};

/// The present moment and a little more; clones go together. Waits are real, since DynamoDB answers over a socket.
#[derive(Clone, Debug, Default)]
pub struct ForwardClock(Rc<Cell<Duration>>);

impl ForwardClock {
    /// Puts it forward.
    pub fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }
}

impl Clock for ForwardClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(self.0.get())
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}
