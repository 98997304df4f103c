//! The topic, its subscriptions and the queues behind it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use domain::Timestamp;
use events::{BusError, DeadLetters, Event, Publisher, Visibility};
use resilience::Clock;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use uuid::Uuid;

use super::queue::{Counts, Message, Queue, Receipt, ReceivedMessage};
use crate::template::Wiring;

/// The bus; clones are the same one.
#[derive(Clone, Debug)]
pub struct Bus<C> {
    clock: C,
    wiring: Rc<Wiring>,
    state: Rc<RefCell<State>>,
    changed: Rc<Notify>,
    schedule: ScheduleSlot,
}

/// Decides how often and how late each message arrives. SNS and SQS promise neither exactly once nor in order.
pub trait DeliverySchedule {
    /// The delay of each copy of an event to this queue; empty when it never arrives.
    fn arrivals(&self, queue: &str, event: &Event) -> Vec<Duration>;
}

/// The schedule of deliveries; `None` delivers every message at once.
#[derive(Clone, Default)]
struct ScheduleSlot(Rc<RefCell<Option<Rc<dyn DeliverySchedule>>>>);

impl fmt::Debug for ScheduleSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

/// What the bus is made to do wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misbehaviour {
    /// Extra copies of every message, as SNS and SQS may make them.
    pub copies: usize,
    /// How many messages from now on are refused.
    pub refuse: usize,
    /// How many messages from now on are accepted while the answer is lost.
    pub lose_answers: usize,
    /// How many messages from now on the topic cannot deliver to a queue: they go to the subscription's dead letters.
    pub undeliverable: usize,
}

#[derive(Debug, Default)]
struct State {
    queues: BTreeMap<String, Queue>,
    sent: u64,
    misbehaviour: Misbehaviour,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("not taken")]
    Refused,
    #[error("the answer was lost")]
    AnswerLost,
    #[error("an event without a JSON form")]
    Json(#[from] serde_json::Error),
    #[error("the function reads no queue, or no stream with a queue for dead letters")]
    NoQueue,
    #[error("not a receipt of this bus")]
    Receipt,
}

impl From<Fault> for BusError {
    fn from(fault: Fault) -> Self {
        Self(Box::new(fault))
    }
}

impl<C: Clock> Bus<C> {
    /// Empty queues, as the template names them.
    pub fn new(wiring: Rc<Wiring>, clock: C) -> Self {
        let queues = wiring.queues.keys().map(|name| (name.clone(), Queue::default())).collect();
        let state = State { queues, ..State::default() };
        Self {
            clock,
            wiring,
            state: Rc::new(RefCell::new(state)),
            changed: Rc::new(Notify::new()),
            schedule: ScheduleSlot::default(),
        }
    }

    /// Makes the bus misbehave from now on.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        self.state.borrow_mut().misbehaviour = misbehaviour;
    }

    /// Uses this schedule for what is published from now on.
    pub fn deliver_by(&self, schedule: Rc<dyn DeliverySchedule>) {
        *self.schedule.0.borrow_mut() = Some(schedule);
    }

    /// Hands out up to `most` messages of a queue. Those that were received too often become dead letters first.
    pub fn receive(&self, queue: &str, most: usize) -> Vec<ReceivedMessage> {
        let now = self.clock.now();
        let Some(settings) = self.wiring.queues.get(queue) else { return Vec::new() };
        let mut state = self.state.borrow_mut();
        if let Some(redrive) = &settings.redrive {
            let exhausted = state.queue(queue).take_exhausted(redrive.max_receives, now);
            for message in exhausted {
                tracing::error!(queue, message_id = message.id, "received too often, now a dead letter");
                state.queue(&redrive.dead_letters).send(message, now);
            }
        }
        state.queue(queue).receive(most, settings.visibility, now)
    }

    /// Deletes a message that is done.
    pub fn delete(&self, queue: &str, receipt: Receipt) {
        self.state.borrow_mut().queue(queue).delete(receipt);
        self.changed.notify_waiters();
    }

    /// Shows a message that was received again only after a while. A stale receipt changes nothing.
    fn hide(&self, queue: &str, receipt: Receipt, wait: Duration) {
        let now = self.clock.now();
        self.state.borrow_mut().queue(queue).hide(receipt, now.plus(wait));
        self.changed.notify_waiters();
    }

    /// Puts a message into a queue.
    pub fn send(&self, queue: &str, body: String, attributes: BTreeMap<String, String>) {
        let now = self.clock.now();
        let mut state = self.state.borrow_mut();
        let message = state.message(body, attributes, now);
        state.queue(queue).send(message, now);
        self.changed.notify_waiters();
    }

    /// Moves a queue's dead letters back to where they came from, and says how many there were.
    pub fn redrive(&self, queue: &str) -> usize {
        let now = self.clock.now();
        let Some(redrive) = self.wiring.queues.get(queue).and_then(|settings| settings.redrive.as_ref()) else {
            return 0;
        };
        let mut state = self.state.borrow_mut();
        let letters = state.queue(&redrive.dead_letters).take_all();
        let count = letters.len();
        for message in letters {
            state.queue(queue).send(message, now);
        }
        self.changed.notify_waiters();
        count
    }

    /// Deletes everything in a queue, and says how much there was.
    pub fn purge(&self, queue: &str) -> usize {
        self.state.borrow_mut().queue(queue).take_all().len()
    }

    /// What is in a queue, visible or not, oldest first.
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        self.state.borrow().queues.get(queue).map(|queue| queue.messages().cloned().collect()).unwrap_or_default()
    }

    /// Where this function keeps what it cannot read in its stream.
    pub fn letters_of(&self, function: &str) -> StreamLetters<'_, C> {
        let mapping = self.wiring.stream_mappings.iter().find(|mapping| mapping.function == function);
        StreamLetters { bus: self, queue: mapping.and_then(|mapping| mapping.dead_letters.as_deref()) }
    }

    /// The queue that this function reads.
    pub fn queue_of(&self, function: &str) -> ConsumedQueue<'_, C> {
        let mapping = self.wiring.queue_mappings.iter().find(|mapping| mapping.function == function);
        ConsumedQueue { bus: self, queue: mapping.map(|mapping| mapping.queue.as_str()) }
    }

    /// How full each queue is.
    pub fn counts(&self) -> BTreeMap<String, Counts> {
        let now = self.clock.now();
        self.state.borrow().queues.iter().map(|(name, queue)| (name.clone(), queue.counts(now))).collect()
    }

    /// When a message of this queue can next be received; `None` when it is empty.
    pub fn next_visible(&self, queue: &str) -> Option<Timestamp> {
        self.state.borrow().queues.get(queue).and_then(Queue::next_visible)
    }

    /// Waits until something is sent or done, from the moment of this call on.
    pub fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// All queues as JSON, for a stack that survives its process.
    ///
    /// # Errors
    ///
    /// Never for what the bus holds: all of it has a JSON form.
    pub fn snapshot(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(&self.state.borrow().queues)
    }

    /// Takes over the queues of a snapshot. What was in a consumer's hands then can be received again now.
    ///
    /// # Errors
    ///
    /// When the snapshot is not one.
    pub fn restore(&self, snapshot: Value) -> Result<(), serde_json::Error> {
        let now = self.clock.now();
        let queues: BTreeMap<String, Queue> = serde_json::from_value(snapshot)?;
        let mut state = self.state.borrow_mut();
        for (name, mut queue) in queues {
            queue.show_all(now);
            state.queues.insert(name, queue);
        }
        Ok(())
    }

    fn accept(&self, event: &Event) -> Result<(), Fault> {
        let now = self.clock.now();
        let body = event.body()?;
        let attributes: BTreeMap<_, _> =
            event.attributes().into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        let mut state = self.state.borrow_mut();
        let wanting = self.wiring.subscriptions.iter().filter(|one| one.wants(event.event_type()));
        for subscription in wanting {
            if state.misbehaviour.cannot_deliver() {
                let message = state.message(body.clone(), attributes.clone(), now);
                state.queue(&subscription.dead_letters).send(message, now);
                continue;
            }
            let copies = 1 + state.misbehaviour.copies;
            let schedule = self.schedule.0.borrow();
            let arrivals = schedule.as_ref().map(|schedule| schedule.arrivals(&subscription.queue, event));
            for after in arrivals.unwrap_or_else(|| vec![Duration::ZERO; copies]) {
                let message = state.message(body.clone(), attributes.clone(), now);
                state.queue(&subscription.queue).send(message, now.plus(after));
            }
        }
        self.changed.notify_waiters();
        Ok(())
    }
}

impl<C: Clock> Publisher for Bus<C> {
    async fn publish(&self, event: &Event) -> Result<(), BusError> {
        self.state.borrow_mut().misbehaviour.refuses()?;
        self.accept(event)?;
        self.state.borrow_mut().misbehaviour.loses_answer()?;
        Ok(())
    }
}

/// The queue for what a function cannot read in its stream.
#[derive(Debug)]
pub struct StreamLetters<'a, C> {
    bus: &'a Bus<C>,
    queue: Option<&'a str>,
}

impl<C: Clock> DeadLetters for StreamLetters<'_, C> {
    async fn keep(&self, content: &str, reason: &str) -> Result<(), BusError> {
        self.bus.state.borrow_mut().misbehaviour.refuses()?;
        let attributes = BTreeMap::from([("reason".to_owned(), reason.to_owned())]);
        self.bus.send(self.queue.ok_or(Fault::NoQueue)?, content.to_owned(), attributes);
        Ok(())
    }
}

/// A function's queue, as the function sees it.
#[derive(Debug)]
pub struct ConsumedQueue<'a, C> {
    bus: &'a Bus<C>,
    queue: Option<&'a str>,
}

impl<C: Clock> Visibility for ConsumedQueue<'_, C> {
    async fn hide(&self, messages: &[(String, Duration)]) -> Result<(), BusError> {
        let queue = self.queue.ok_or(Fault::NoQueue)?;
        for (receipt, wait) in messages {
            self.bus.hide(queue, Receipt::parse(receipt).ok_or(Fault::Receipt)?, *wait);
        }
        Ok(())
    }
}

impl Misbehaviour {
    fn cannot_deliver(&mut self) -> bool {
        let cannot = self.undeliverable > 0;
        self.undeliverable = self.undeliverable.saturating_sub(1);
        cannot
    }

    fn refuses(&mut self) -> Result<(), Fault> {
        if self.refuse == 0 {
            return Ok(());
        }
        self.refuse -= 1;
        Err(Fault::Refused)
    }

    fn loses_answer(&mut self) -> Result<(), Fault> {
        if self.lose_answers == 0 {
            return Ok(());
        }
        self.lose_answers -= 1;
        Err(Fault::AnswerLost)
    }
}

impl State {
    fn queue(&mut self, name: &str) -> &mut Queue {
        self.queues.entry(name.to_owned()).or_default()
    }

    /// A message whose id derives from time and position, so that a run with a virtual clock repeats.
    fn message(&mut self, body: String, attributes: BTreeMap<String, String>, sent_at: Timestamp) -> Message {
        self.sent += 1;
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{sent_at}#{}", self.sent).as_bytes());
        Message { id: id.to_string(), body, attributes, sent_at }
    }
}
