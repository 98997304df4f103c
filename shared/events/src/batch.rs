//! A consumer's batch: read message by message, failed message by message.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use domain::{EVENT_SCHEMA_VERSION, OrderEvent};
use resilience::{Clock, Deadline};
use serde::Deserialize;

/// An order event with the id of the SQS message that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What a batch item failure names.
    pub message_id: String,
    /// What happened.
    pub event: OrderEvent,
}

/// Why a message's body was not read. It goes back to the queue and ends in the dead letters, where people see it.
#[derive(Debug, thiserror::Error)]
enum UnreadableMessage {
    #[error("no body")]
    Empty,
    #[error("schema version {0} is newer than this consumer")]
    Newer(u32),
    #[error("not an order event")]
    NotAnEvent(#[source] serde_json::Error),
}

#[derive(Deserialize)]
struct Versioned {
    schema_version: u32,
}

/// Splits a batch into the events that can be read and the response that already names those that cannot.
pub fn read(event: SqsEvent) -> (Vec<Message>, SqsBatchResponse) {
    let mut response = SqsBatchResponse::default();
    let mut messages = Vec::with_capacity(event.records.len());
    for record in event.records {
        let message_id = record.message_id.unwrap_or_default();
        match order_event(record.body.as_deref()) {
            Ok(event) => messages.push(Message { message_id, event }),
            Err(error) => {
                tracing::error!(message_id, error = &error as &dyn std::error::Error, "unreadable message");
                response.add_failure(message_id);
            }
        }
    }
    (messages, response)
}

/// Handles each event of a batch alone: one that fails goes back to the queue, the others are done. What is not begun
/// by the deadline goes back too, so that no message is cut off in its middle.
pub async fn consume<E: std::error::Error + 'static>(
    clock: &impl Clock,
    deadline: Deadline,
    event: SqsEvent,
    handle: impl AsyncFn(OrderEvent) -> Result<(), E>,
) -> SqsBatchResponse {
    let (messages, mut response) = read(event);
    for Message { message_id, event } in messages {
        if !deadline.allows(clock, std::time::Duration::ZERO) {
            response.add_failure(message_id);
            continue;
        }
        let (order_id, event_type) = (event.order_id, event.event_type);
        let correlation_id = event.correlation_id.clone();
        match handle(event).await {
            Ok(()) => tracing::info!(%order_id, %event_type, correlation_id, "event handled"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(%order_id, %event_type, correlation_id, message_id, error, "event goes back to the queue");
                response.add_failure(message_id);
            }
        }
    }
    response
}

fn order_event(body: Option<&str>) -> Result<OrderEvent, UnreadableMessage> {
    let body = body.ok_or(UnreadableMessage::Empty)?;
    let Versioned { schema_version } = serde_json::from_str(body).map_err(UnreadableMessage::NotAnEvent)?;
    if schema_version > EVENT_SCHEMA_VERSION {
        return Err(UnreadableMessage::Newer(schema_version));
    }
    serde_json::from_str(body).map_err(UnreadableMessage::NotAnEvent)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use domain::{EventId, EventType, Money, OrderId, OrderStatus, Timestamp};
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
            async |event| {
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
        let response = clock.run(consume(&clock, deadline, batch(&bodies), async |_| {
            clock.sleep(Duration::from_secs(2)).await;
            Ok::<_, std::fmt::Error>(())
        }));
        assert_eq!(failed(&response), ["1"]);
    }
}
