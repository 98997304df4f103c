//! One invocation of one function: its time limit, its log span, its possible death.

use std::time::Duration;

use resilience::{Clock, Deadline, Ids, Transport};
use serde_json::Value;
use tracing::Instrument as _;

use crate::call_error::CallError;
use crate::functions;
use crate::ports::Stores;
use crate::suite::Suite;

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Calls a function with an event as Lambda hands it over, and gives back its result.
    ///
    /// # Errors
    ///
    /// [`CallError`]. What the function did before it failed stays done.
    pub async fn call(&self, function: &str, event: Value) -> Result<Value, CallError> {
        let settings = self.wiring.functions.get(function).ok_or_else(|| CallError::Unknown(function.to_owned()))?;
        let _place = self.concurrency.take(function).await;
        self.invocations.set(self.invocations.get() + 1);
        let request_id = self.warm.ids.fresh().to_string();
        let span = telemetry::invocation(function, &request_id);
        self.within(function, event, settings.timeout).instrument(span).await
    }

    async fn within(&self, function: &str, event: Value, timeout: Duration) -> Result<Value, CallError> {
        let clock = &self.warm.clock;
        let deadline = Deadline::after(clock, functions::budget(function, timeout));
        let dies_at = self.deaths.borrow_mut().get_mut(function).and_then(Vec::pop);
        if let Some(n) = dies_at {
            self.gate.die_at(n);
        }
        // Boxed: the futures of all handlers together are large.
        let work = Box::pin(self.run(function, event, deadline));
        let in_time = async {
            tokio::select! {
                biased;
                ended = work => ended,
                () = clock.sleep(timeout) => Err(CallError::TimedOut(timeout)),
            }
        };
        let ended = self.gate.watch(function, in_time).await.map_err(CallError::from).flatten();
        if dies_at.is_some() {
            self.gate.disarm();
        }
        if let Err(error) = &ended {
            tracing::error!(error = error as &dyn std::error::Error, "invocation failed");
        }
        ended
    }
}
