//! A consumer's batch: parsed and failed message by message.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures::future::join_all;
use resilience::{Clock, Deadline, Ids};

use crate::{Event, Failure, UnreadableEvent, Visibility};

/// The attribute in which SQS counts how often it handed a message out.
const RECEIVES: &str = "ApproximateReceiveCount";

/// An event with the delivery that brought it: of any kind, or of the one kind that a consumer handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<E> {
    /// Its delivery.
    pub delivery: Delivery,
    /// The event.
    pub event: E,
}

/// One receive of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id that a batch item failure names.
    pub message_id: String,
    /// What the message is hidden by.
    pub receipt: String,
    /// How often the message was received, this time included.
    pub receives: u32,
}

impl Delivery {
    fn of(record: &SqsMessage) -> Self {
        Self {
            message_id: record.message_id.clone().unwrap_or_default(),
            receipt: record.receipt_handle.clone().unwrap_or_default(),
            receives: record.attributes.get(RECEIVES).and_then(|count| count.parse().ok()).unwrap_or(1),
        }
    }
}

/// A message that comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The delivery that failed.
    pub delivery: Delivery,
    /// Why, as far as it decides when.
    pub failure: Failure,
}

/// Splits a batch into the events that can be parsed and the messages that cannot.
pub fn read<E>(event: SqsEvent) -> (Vec<Message<E>>, Vec<Returned>)
where
    E: TryFrom<Event, Error: Into<UnreadableEvent>>,
{
    let (mut messages, mut unreadable) = (Vec::with_capacity(event.records.len()), Vec::new());
    for record in event.records {
        let delivery = Delivery::of(&record);
        let event = Event::read(record.body.as_deref()).and_then(|event| E::try_from(event).map_err(Into::into));
        match event {
            Ok(event) => messages.push(Message { delivery, event }),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(message_id = delivery.message_id, error, "unreadable message");
                unreadable.push(Returned { delivery, failure: Failure::Poison });
            }
        }
    }
    (messages, unreadable)
}

/// What a consumer handles its batches with.
#[derive(Debug)]
pub struct Consumer<'a, Q, C, I> {
    /// The queue that the batches come from.
    pub queue: &'a Q,
    /// The time.
    pub clock: &'a C,
    /// Jitter.
    pub ids: &'a I,
}

impl<Q: Visibility, C: Clock, I: Ids> Consumer<'_, Q, C, I> {
    /// Handles the events of a batch: those of one order or account one after the other, all else at once, so that an
    /// event for which a provider takes all the time costs no other order any. One that fails returns to the queue, and
    /// `judge` says when it comes again; the others are done. What is not begun by the deadline returns, too.
    pub async fn each<E, F>(
        &self,
        deadline: Deadline,
        event: SqsEvent,
        handle: impl AsyncFn(E) -> Result<(), F>,
        judge: impl Fn(&F) -> Failure,
    ) -> SqsBatchResponse
    where
        E: TryFrom<Event, Error: Into<UnreadableEvent>> + Into<Event> + Clone,
        F: std::error::Error + 'static,
    {
        let (messages, mut returned) = read::<E>(event);
        let mut by_subject: BTreeMap<String, Vec<(Message<E>, Event)>> = BTreeMap::new();
        for message in messages {
            let told: Event = message.event.clone().into();
            by_subject.entry(told.subject()).or_default().push((message, told));
        }
        let (handle, judge) = (&handle, &judge);
        let in_turn = |messages: Vec<(Message<E>, Event)>| async move {
            let mut returned = Vec::new();
            for (Message { delivery, event }, told) in messages {
                let failure = self.one(deadline, &delivery.message_id, &told, handle(event), judge).await;
                returned.extend(failure.map(|failure| Returned { delivery, failure }));
            }
            returned
        };
        returned.extend(join_all(by_subject.into_values().map(in_turn)).await.into_iter().flatten());
        self.send_back(returned).await
    }

    /// Handles one event, if there is time; why it failed otherwise.
    async fn one<F: std::error::Error + 'static>(
        &self,
        deadline: Deadline,
        message_id: &str,
        told: &Event,
        handled: impl Future<Output = Result<(), F>>,
        judge: impl Fn(&F) -> Failure,
    ) -> Option<Failure> {
        if !deadline.allows(self.clock, Duration::ZERO) {
            return Some(Failure::Outage);
        }
        let ((order_id, account_id), event_type) = (told.about(), told.event_type());
        let correlation_id = told.correlation_id();
        let Err(error) = handled.await else {
            tracing::info!(order_id, account_id, event_type, correlation_id, "event handled");
            return None;
        };
        let failure = judge(&error);
        let error = &error as &dyn std::error::Error;
        tracing::warn!(
            order_id,
            account_id,
            event_type,
            correlation_id,
            message_id,
            error,
            ?failure,
            "event goes back to the queue"
        );
        Some(failure)
    }

    /// Sends messages back to the queue, each for as long as its failure says, and names them as failed.
    pub async fn send_back(&self, returned: Vec<Returned>) -> SqsBatchResponse {
        self.hide(&returned).await;
        let mut response = SqsBatchResponse::default();
        for Returned { delivery, .. } in returned {
            response.add_failure(delivery.message_id);
        }
        response
    }

    /// What a consumer cannot begin without. While that is out of reach, the whole batch goes back, as patiently as for
    /// any outage.
    ///
    /// # Errors
    ///
    /// Its own.
    pub async fn needs<T, E>(&self, event: &SqsEvent, what: Result<T, E>) -> Result<T, E> {
        if what.is_err() {
            let back = |record| Returned { delivery: Delivery::of(record), failure: Failure::Outage };
            self.hide(&event.records.iter().map(back).collect::<Vec<_>>()).await;
        }
        what
    }

    /// A message that could not be hidden comes again after the queue's own visibility timeout.
    async fn hide(&self, returned: &[Returned]) {
        let now = self.clock.now();
        let wait = |Returned { delivery, failure }: &Returned| {
            (delivery.receipt.clone(), failure.wait(delivery.receives, now, self.ids))
        };
        let waits: Vec<_> = returned.iter().filter(|it| !it.delivery.receipt.is_empty()).map(wait).collect();
        if waits.is_empty() {
            return;
        }
        if let Err(error) = self.queue.hide(&waits).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "messages keep their queue's visibility timeout");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use domain::{EVENT_SCHEMA_VERSION, EventId, EventType, Money, OrderEvent, OrderId, OrderStatus, Timestamp};
    use resilience::{SeededIds, VirtualClock};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use crate::BusError;

    /// Notes for how many seconds each message is hidden.
    #[derive(Default)]
    struct Hidden(RefCell<Vec<(String, u64)>>);

    impl Visibility for Hidden {
        async fn hide(&self, messages: &[(String, Duration)]) -> Result<(), BusError> {
            let seconds = messages.iter().map(|(receipt, wait)| (receipt.clone(), wait.as_secs()));
            self.0.borrow_mut().extend(seconds);
            Ok(())
        }
    }

    /// Handles the batch on this clock within a time; says what failed, in order, and for how long it is hidden.
    fn consume(
        clock: &VirtualClock,
        within: Duration,
        batch: SqsEvent,
        handle: impl AsyncFn(OrderEvent) -> Result<(), Failure>,
    ) -> (Vec<String>, Vec<(String, u64)>) {
        let (queue, ids) = (Hidden::default(), SeededIds::new(1));
        let consumer = Consumer { queue: &queue, clock, ids: &ids };
        let handle = async |event| handle(event).await.map_err(Refused);
        let deadline = Deadline::after(clock, within);
        let response = clock.run(consumer.each(deadline, batch, handle, |error: &Refused| error.0));
        let failed = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        (failed.collect(), queue.0.into_inner())
    }

    #[derive(Debug, thiserror::Error)]
    #[error("refused")]
    struct Refused(Failure);

    fn event(index: usize) -> Value {
        let event = OrderEvent {
            event_id: EventId::from_uuid(Uuid::from_u128(index as u128)),
            event_type: EventType::Paid,
            schema_version: EVENT_SCHEMA_VERSION,
            order_id: OrderId::from_uuid(Uuid::from_u128(7 + index as u128)),
            order_version: 2,
            index,
            status: OrderStatus::Paid,
            total: Money::new(2500, "eur".parse().unwrap()),
            captured: 2500,
            refunded: 0,
            dispute: None,
            actor: None,
            at: Timestamp::from_millis(0),
            correlation_id: "corr".into(),
        };
        serde_json::to_value(event).unwrap()
    }

    /// A batch of messages that were each received so often.
    fn batch(bodies: &[(String, u32)]) -> SqsEvent {
        let record = |(place, (body, receives)): (usize, &(String, u32))| {
            json!({
                "messageId": place.to_string(), "receiptHandle": format!("receipt {place}"), "body": body,
                "attributes": { "ApproximateReceiveCount": receives.to_string() },
            })
        };
        serde_json::from_value(json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()})).unwrap()
    }

    #[test]
    fn one_failing_message_fails_alone() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let newer = json!({"schema_version": EVENT_SCHEMA_VERSION + 1, "type": "order.teleported"});
        let bodies =
            [event(0).to_string(), "not json".into(), event(1).to_string(), newer.to_string(), event(2).to_string()];
        let handled = RefCell::new(vec![]);
        let (failed, _) =
            consume(&clock, Duration::from_secs(10), batch(&bodies.map(|body| (body, 1))), async |event| {
                handled.borrow_mut().push(event.index);
                if event.index == 1 { Err(Failure::Outage) } else { Ok(()) }
            });
        assert_eq!(handled.into_inner(), [0, 1, 2]);
        assert_eq!(failed, ["1", "3", "2"]);
    }

    #[test]
    fn an_outage_is_waited_for_and_poison_comes_again_soon() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let bodies =
            [(event(0).to_string(), 9), ("not json".into(), 9), (event(1).to_string(), 1), (event(2).to_string(), 9)];
        let (failed, hidden) =
            consume(&clock, Duration::from_secs(10), batch(&bodies), async |event| match event.index {
                0 => Err(Failure::Outage),
                1 => Err(Failure::NotBefore(Timestamp::from_seconds(1200))),
                _ => Ok(()),
            });
        assert_eq!(failed, ["1", "0", "2"]);
        let within = |(receipt, from, to): (&str, u64, u64)| {
            let (_, wait) = hidden.iter().find(|(hidden, _)| hidden == receipt).unwrap();
            assert!((from..=to).contains(wait), "{receipt}: {wait}");
        };
        [("receipt 0", 450, 900), ("receipt 1", 3, 5), ("receipt 2", 1200, 1205)].into_iter().for_each(within);
        assert_eq!(hidden.len(), 3, "what is done is not hidden");
    }

    #[test]
    fn a_message_that_takes_all_the_time_costs_the_others_none() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let bodies = [0, 1, 2].map(|index| (event(index).to_string(), 1));
        let (failed, _) = consume(&clock, Duration::from_secs(1), batch(&bodies), async |event| {
            if event.index == 0 {
                clock.sleep(Duration::from_secs(2)).await;
                return Err(Failure::Outage);
            }
            Ok(())
        });
        assert_eq!(failed, ["0"]);
    }

    #[test]
    fn events_of_one_order_are_handled_one_after_the_other() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let bodies = [0, 0, 1].map(|index| (event(index).to_string(), 1));
        let (running, most) = (RefCell::new(vec![0; 2]), RefCell::new(0));
        let (failed, _) = consume(&clock, Duration::from_secs(3), batch(&bodies), async |event| {
            running.borrow_mut()[event.index] += 1;
            assert_eq!(running.borrow()[event.index], 1, "no other of its order");
            let together: i32 = running.borrow().iter().sum();
            most.replace_with(|most| together.max(*most));
            clock.sleep(Duration::from_secs(1)).await;
            running.borrow_mut()[event.index] -= 1;
            Ok(())
        });
        assert_eq!((failed, most.into_inner()), (vec![], 2));
    }

    #[test]
    fn what_is_not_begun_in_time_goes_back_to_the_queue() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let bodies = [(event(0).to_string(), 1), (event(1).to_string(), 1)];
        let began = RefCell::new(0);
        let (failed, hidden) = consume(&clock, Duration::ZERO, batch(&bodies), async |_| {
            *began.borrow_mut() += 1;
            Ok(())
        });
        assert_eq!((failed.len(), hidden.len(), began.into_inner()), (2, 2, 0));
    }

    #[test]
    fn what_a_consumer_cannot_begin_without_sends_the_whole_batch_back() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let (queue, ids) = (Hidden::default(), SeededIds::new(1));
        let consumer = Consumer { queue: &queue, clock: &clock, ids: &ids };
        let batch = batch(&[(event(0).to_string(), 12), ("not json".into(), 12)]);
        assert_eq!(clock.run(consumer.needs(&batch, Ok::<_, ()>(7))), Ok(7));
        assert!(queue.0.borrow().is_empty());
        assert_eq!(clock.run(consumer.needs(&batch, Err::<(), _>("no secret"))), Err("no secret"));
        let hidden = queue.0.into_inner();
        assert!(hidden.len() == 2 && hidden.iter().all(|(_, wait)| (450..=900).contains(wait)), "{hidden:?}");
    }
}
