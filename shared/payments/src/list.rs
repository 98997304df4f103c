//! Lists for reconciliation, one page a call.

use domain::{IntentId, Timestamp};
use resilience::{Clock, Deadline, Ids, Transport};
use serde::Deserialize;

use crate::{Event, PaymentIntent, Stripe, StripeError, client::Form};

/// One page of a list, the newest first.
#[derive(Clone, Debug, Deserialize)]
pub struct Page<O> {
    /// What is on it: at most 100.
    pub data: Vec<O>,
    /// Whether there is another; it starts after this one's last.
    pub has_more: bool,
}

impl<T: Transport, C: Clock, I: Ids> Stripe<T, C, I> {
    /// Payment intents created at or after a moment.
    ///
    /// # Errors
    ///
    /// As they say.
    pub async fn list_payment_intents(
        &self,
        since: Timestamp,
        after: Option<&IntentId>,
        deadline: Deadline,
    ) -> Result<Page<PaymentIntent>, StripeError> {
        let query = page_query(since, after.map(IntentId::as_str));
        let mut answer = self.get::<Page<PaymentIntent>>("/v1/payment_intents", &query, deadline).await?;
        for intent in &mut answer.object.data {
            intent.seen_at = answer.said_at;
        }
        Ok(answer.object)
    }

    /// Events created at or after a moment; Stripe keeps them for 30 days.
    ///
    /// # Errors
    ///
    /// As they say.
    pub async fn list_events(
        &self,
        since: Timestamp,
        after: Option<&str>,
        deadline: Deadline,
    ) -> Result<Page<Event>, StripeError> {
        Ok(self.get("/v1/events", &page_query(since, after), deadline).await?.object)
    }
}

fn page_query(since: Timestamp, after: Option<&str>) -> Form<'static> {
    let mut query = vec![("created[gte]", since.seconds().to_string()), ("limit", "100".to_owned())];
    query.extend(after.map(|id| ("starting_after", id.to_owned())));
    query
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testkit::{Scripted, Turn};

    use super::*;
    use crate::conversation::{converse, lines};

    #[test]
    fn pages_are_asked_for_one_after_the_other() {
        let event = json!({"id": "evt_1", "object": "event", "type": "charge.refunded", "created": 1_790_000_000,
            "livemode": false, "data": {"object": {"id": "ch_1"}}});
        let script = Scripted::new([
            Turn::json(200, &json!({"object": "list", "data": [], "has_more": true})),
            Turn::json(200, &json!({"object": "list", "data": [event], "has_more": false})),
        ]);
        let since = Timestamp::from_millis(1_789_999_999_999);
        let (intents, events) = converse(&script, async |stripe, deadline| {
            let intents = stripe.list_payment_intents(since, Some(&"pi_9".into()), deadline).await.unwrap();
            (intents, stripe.list_events(since, None, deadline).await.unwrap())
        });
        assert!(intents.has_more && !events.has_more);
        assert_eq!(events.data[0].created, Timestamp::from_seconds(1_790_000_000));
        assert_eq!(
            lines(&script),
            [
                "GET /v1/payment_intents?created[gte]=1789999999&limit=100&starting_after=pi_9",
                "GET /v1/events?created[gte]=1789999999&limit=100",
            ]
            .map(|line| line.replace('[', "%5B").replace(']', "%5D"))
        );
    }
}
