//! Driving the suite: one step does whatever is due, and a run goes on until nothing is.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderValue, Request, header};
use resilience::{Clock, Ids, Transport};
use sandbox::{Delivery, Shared};
use serde_json::json;

use crate::ports::Stores;
use crate::stream::StreamError;
use crate::suite::Suite;

/// The shortest wait for what is due, so that a run always gets on.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// Steps without a pause after which a run is taken to turn in circles.
const MOST_STEPS: usize = 1_000_000;

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A provider's webhook was brought to the API.
    Delivered {
        /// The event.
        event_type: String,
        /// The API's answer.
        status: u16,
    },
    /// A batch of a stream was handed to its function.
    Streamed {
        /// To whom.
        function: String,
        /// How many records.
        records: usize,
        /// Whether all of them are done.
        done: bool,
        /// Why there was no result.
        error: Option<String>,
    },
    /// A batch of a queue was handed to its function.
    Consumed {
        /// To whom.
        function: String,
        /// How many messages.
        messages: usize,
        /// How many of them come again.
        failed: usize,
        /// Why there was no result.
        error: Option<String>,
    },
    /// A schedule came round.
    Scheduled {
        /// Who was called.
        function: String,
        /// Why there was no result.
        error: Option<String>,
    },
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The table's stream is out of reach.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Something causes itself again and again.
    #[error("still busy after {MOST_STEPS} steps")]
    Endless,
}

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Does what is due now, each thing once: the sandbox's webhooks, a batch of each stream, a batch of each queue, the
    /// schedules. Empty when nothing was due.
    ///
    /// # Errors
    ///
    /// When a stream cannot be read.
    pub async fn step(&self, sandbox: Option<&Shared>) -> Result<Vec<Activity>, StreamError> {
        let mut happened = Vec::new();
        let due = sandbox.map(|sandbox| (sandbox, sandbox.lock().due(self.warm.clock.now())));
        for (sandbox, delivery) in
            due.into_iter().flat_map(|(sandbox, due)| due.into_iter().map(move |one| (sandbox, one)))
        {
            happened.push(self.deliver(sandbox, delivery).await);
        }
        for mapping in &self.wiring.stream_mappings {
            happened.extend(self.pump(mapping).await?);
        }
        for mapping in &self.wiring.queue_mappings {
            happened.extend(self.poll(mapping).await);
        }
        happened.extend(self.run_schedules().await);
        Ok(happened)
    }

    /// Steps on, waiting by the clock for what is due later, until nothing is due within `horizon` from now. Schedules
    /// run in between and do not keep a run alive.
    ///
    /// # Errors
    ///
    /// [`RunError`].
    pub async fn run_until_idle(&self, sandbox: Option<&Shared>, horizon: Duration) -> Result<Vec<Activity>, RunError> {
        let end = self.warm.clock.now().plus(horizon);
        let mut all = Vec::new();
        for _ in 0..MOST_STEPS {
            let happened = self.step(sandbox).await?;
            let idle = happened.is_empty();
            all.extend(happened);
            if idle {
                let Some(next) = self.next_due(sandbox).await.filter(|next| *next <= end) else { return Ok(all) };
                self.warm.clock.sleep(next.since(self.warm.clock.now()).max(SHORTEST_WAIT)).await;
            }
        }
        Err(RunError::Endless)
    }

    /// When something is due: a message, a record, a webhook, or a provider acting by itself.
    pub async fn next_due(&self, sandbox: Option<&Shared>) -> Option<Timestamp> {
        let queues = self.wiring.queue_mappings.iter().filter_map(|mapping| self.bus.next_visible(&mapping.queue));
        let mut due: Vec<Timestamp> = queues.collect();
        for shard in self.shards.values() {
            due.extend(shard.lock().await.due());
        }
        due.extend(sandbox.and_then(|sandbox| sandbox.lock().next_due()));
        due.into_iter().min()
    }

    /// Delivers one webhook to the API, and reports the outcome to the sandbox.
    pub async fn deliver(&self, sandbox: &Shared, delivery: Delivery) -> Activity {
        let (id, event_type) = (delivery.id, delivery.event_type.clone());
        let status = match webhook(delivery) {
            Ok(request) => self.http(request).await.status().as_u16(),
            Err(_) => 0,
        };
        let answered = self.gate.acknowledge("webhook.answer", || ()).await.is_ok();
        sandbox.lock().delivered(self.warm.clock.now(), id, (answered && status > 0).then_some(status));
        Activity::Delivered { event_type, status }
    }

    /// Calls the functions whose schedules have come round; the first time is one period after the start.
    pub async fn run_schedules(&self) -> Vec<Activity> {
        let mut happened = Vec::new();
        for schedule in &self.wiring.schedules {
            let now = self.warm.clock.now();
            let last = self.schedules_ran_at.borrow_mut().entry(schedule.function.clone()).or_insert(now).to_owned();
            if now.since(last) < schedule.every {
                continue;
            }
            self.schedules_ran_at.borrow_mut().insert(schedule.function.clone(), now);
            let result = self.call(&schedule.function, json!({ "time": now })).await;
            let error = result.err().map(|error| error.to_string());
            happened.push(Activity::Scheduled { function: schedule.function.clone(), error });
        }
        happened
    }
}

/// The provider's request, whatever the host in its URL.
fn webhook(delivery: Delivery) -> Result<Request<Bytes>, http::Error> {
    let mut request = Request::post(delivery.url).body(delivery.body)?;
    *request.headers_mut() = delivery.headers;
    request.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(request)
}
