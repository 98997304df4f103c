//! A consumer's batch: parsed and failed message by message.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use resilience::{Clock, Deadline};

use crate::{Event, UnreadableEvent};

/// An event with the id of its SQS message: of any kind, or of the one kind that a consumer handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<E> {
    /// The id that a batch item failure names.
    pub message_id: String,
    /// The event.
    pub event: E,
}

/// Splits a batch into the events that can be parsed and the response that already names those that cannot.
pub fn read<E>(event: SqsEvent) -> (Vec<Message<E>>, SqsBatchResponse)
where
    E: TryFrom<Event, Error: Into<UnreadableEvent>>,
{
    let mut response = SqsBatchResponse::default();
    let mut messages = Vec::with_capacity(event.records.len());
    for record in event.records {
        let message_id = record.message_id.unwrap_or_default();
        let event = Event::read(record.body.as_deref()).and_then(|event| E::try_from(event).map_err(Into::into));
        match event {
            Ok(event) => messages.push(Message { message_id, event }),
            Err(error) => {
                tracing::error!(message_id, error = &error as &dyn std::error::Error, "unreadable message");
                response.add_failure(message_id);
            }
        }
    }
    (messages, response)
}

/// Handles each event of a batch alone: one that fails returns to the queue, the others are done. What has not begun by
/// the deadline returns too, so that no message is interrupted.
pub async fn consume<E, F>(
    clock: &impl Clock,
    deadline: Deadline,
    event: SqsEvent,
    handle: impl AsyncFn(E) -> Result<(), F>,
) -> SqsBatchResponse
where
    E: TryFrom<Event, Error: Into<UnreadableEvent>> + Into<Event> + Clone,
    F: std::error::Error + 'static,
{
    let (messages, mut response) = read::<E>(event);
    for Message { message_id, event } in messages {
        if !deadline.allows(clock, std::time::Duration::ZERO) {
            response.add_failure(message_id);
            continue;
        }
        let told: Event = event.clone().into();
        let ((order_id, account_id), event_type) = (told.about(), told.event_type());
        let correlation_id = told.correlation_id();
        match handle(event).await {
            Ok(()) => tracing::info!(order_id, account_id, event_type, correlation_id, "event handled"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    order_id,
                    account_id,
                    event_type,
                    correlation_id,
                    message_id,
                    error,
                    "event goes back to the queue"
                );
                response.add_failure(message_id);
            }
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use domain::{EVENT_SCHEMA_VERSION, EventId, EventType, Money, OrderEvent, OrderId, OrderStatus, Timestamp};
    use resilience::VirtualClock;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn event(index: usize) -> Value {
        let event = OrderEvent {
            event_id: EventId::from_uuid(Uuid::from_u128(index as u128)),
            event_type: EventType::Paid,
            schema_version: EVENT_SCHEMA_VERSION,
            order_id: OrderId::from_uuid(Uuid::from_u128(7)),
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

    fn batch(bodies: &[String]) -> SqsEvent {
        let records: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(place, body)| json!({"messageId": place.to_string(), "body": body}))
            .collect();
        serde_json::from_value(json!({"Records": records})).unwrap()
    }

    fn failed(response: &SqsBatchResponse) -> Vec<&str> {
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    #[test]
    fn one_failing_message_fails_alone() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let newer = json!({"schema_version": EVENT_SCHEMA_VERSION + 1, "type": "order.teleported"});
        let bodies =
            [event(0).to_string(), "not json".into(), event(1).to_string(), newer.to_string(), event(2).to_string()];
        let handled = RefCell::new(vec![]);
        let response = clock.run(consume(
            &clock,
            Deadline::after(&clock, Duration::from_secs(10)),
            batch(&bodies),
            async |event: OrderEvent| {
                handled.borrow_mut().push(event.index);
                if event.index == 1 { Err(std::fmt::Error) } else { Ok(()) }
            },
        ));
        assert_eq!(handled.into_inner(), [0, 1, 2]);
        assert_eq!(failed(&response), ["1", "3", "2"]);
    }

    #[test]
    fn what_is_not_begun_in_time_goes_back_to_the_queue() {
        let clock = VirtualClock::at(Timestamp::from_millis(0));
        let bodies = [event(0).to_string(), event(1).to_string()];
        let deadline = Deadline::after(&clock, Duration::from_secs(1));
        let response = clock.run(consume(&clock, deadline, batch(&bodies), async |_: OrderEvent| {
            clock.sleep(Duration::from_secs(2)).await;
            Ok::<_, std::fmt::Error>(())
        }));
        assert_eq!(failed(&response), ["1"]);
    }
}
