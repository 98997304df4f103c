//! Lists for reconciliation, one page a call, so that a job can note where it is and go on from there later.
//!
//! Pages go from the newest to the oldest. A cursor is the id of the last object that was read; what is created meanwhile
//! comes before it and moves no page.

use domain::{DisputeId, IntentId, RefundId, Timestamp};
use resilience::{Clock, Deadline, Ids, Transport};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Dispute, EVENT_TYPES, Event, PaymentIntent, Refund, Stripe, StripeError, answer::Answer, client::Form};

/// Stripe's largest page.
const LARGEST_PAGE: &str = "100";

/// One page of a list, the newest first.
#[derive(Clone, Debug, Deserialize)]
pub struct Page<O> {
    /// What is on it: at most 100.
    pub data: Vec<O>,
    /// Whether there is another; it starts after this one's last.
    pub has_more: bool,
}

impl<O> Page<O> {
    /// The object before the next page; `None` on the last page.
    pub fn next(&self) -> Option<&O> {
        self.data.last().filter(|_| self.has_more)
    }
}

impl<T: Transport, C: Clock, I: Ids> Stripe<T, C, I> {
    /// Payment intents created at or after a moment, as they are now.
    ///
    /// # Errors
    ///
    /// [`StripeError::is_missing`] if Stripe does not know the cursor. Others as they say.
    pub async fn list_payment_intents(
        &self,
        since: Timestamp,
        after: Option<&IntentId>,
        deadline: Deadline,
    ) -> Result<Page<PaymentIntent>, StripeError> {
        let query = page_query(created_since(since), after.map(IntentId::as_str));
        let Answer { object: mut page, said_at } =
            self.get::<Page<PaymentIntent>>("/v1/payment_intents", &query, deadline).await?;
        for intent in &mut page.data {
            intent.seen_at = said_at;
        }
        Ok(page)
    }

    /// Refunds created at or after this time, as they are now, including those made in the dashboard.
    ///
    /// # Errors
    ///
    /// [`StripeError::is_missing`] if Stripe does not know the cursor. Others as they say.
    pub async fn list_refunds_since(
        &self,
        since: Timestamp,
        after: Option<&RefundId>,
        deadline: Deadline,
    ) -> Result<Page<Refund>, StripeError> {
        self.page("/v1/refunds", created_since(since), after.map(RefundId::as_str), deadline).await
    }

    /// Disputes created at or after a moment, as they are now. A dispute may be decided months after it was created.
    ///
    /// # Errors
    ///
    /// [`StripeError::is_missing`] if Stripe does not know the cursor. Others as they say.
    pub async fn list_disputes_since(
        &self,
        since: Timestamp,
        after: Option<&DisputeId>,
        deadline: Deadline,
    ) -> Result<Page<Dispute>, StripeError> {
        self.page("/v1/disputes", created_since(since), after.map(DisputeId::as_str), deadline).await
    }

    /// Events of the types that [`facts`](crate::facts) reads, created at or after a moment; Stripe lists them for 30
    /// days. Whatever changed an object within that time is here, however old the object is.
    ///
    /// # Errors
    ///
    /// [`StripeError::is_missing`] if Stripe does not know the cursor. Others as they say.
    pub async fn list_events(
        &self,
        since: Timestamp,
        after: Option<&str>,
        deadline: Deadline,
    ) -> Result<Page<Event>, StripeError> {
        let mut query = created_since(since);
        query.extend(EVENT_TYPES.map(|kind| ("types[]", kind.to_owned())));
        self.page("/v1/events", query, after, deadline).await
    }

    /// All disputes of an intent, the newest first.
    ///
    /// # Errors
    ///
    /// As they say.
    pub async fn list_disputes(&self, intent: &IntentId, deadline: Deadline) -> Result<Vec<Dispute>, StripeError> {
        let mut disputes: Vec<Dispute> = Vec::new();
        loop {
            let after = disputes.last().map(|last| last.id.as_str());
            let of_intent = vec![("payment_intent", intent.to_string())];
            let page: Page<Dispute> = self.page("/v1/disputes", of_intent, after, deadline).await?;
            let is_last = page.next().is_none();
            disputes.extend(page.data);
            if is_last {
                return Ok(disputes);
            }
        }
    }

    async fn page<O: DeserializeOwned>(
        &self,
        path: &str,
        filter: Form<'static>,
        after: Option<&str>,
        deadline: Deadline,
    ) -> Result<Page<O>, StripeError> {
        Ok(self.get(path, &page_query(filter, after), deadline).await?.object)
    }
}

fn created_since(since: Timestamp) -> Form<'static> {
    vec![("created[gte]", since.seconds().to_string())]
}

fn page_query(mut filter: Form<'static>, after: Option<&str>) -> Form<'static> {
    filter.push(("limit", LARGEST_PAGE.to_owned()));
    filter.extend(after.map(|id| ("starting_after", id.to_owned())));
    filter
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use testkit::{ScriptedTransport, Turn};

    use super::*;
    use crate::conversation::{converse, lines};

    const SINCE: Timestamp = Timestamp::from_millis(1_789_999_999_999);

    fn page(data: &[Value], has_more: bool) -> Turn {
        Turn::json(200, &json!({"object": "list", "data": data, "has_more": has_more}))
    }

    fn dispute(id: &str) -> Value {
        json!({"id": id, "amount": 500, "currency": "eur", "status": "lost", "payment_intent": "pi_1", "created": 1})
    }

    /// The requests as they were sent, in brackets that people can read.
    fn asked(script: &ScriptedTransport) -> Vec<String> {
        lines(script).into_iter().map(|line| line.replace("%5B", "[").replace("%5D", "]")).collect()
    }

    #[test]
    fn each_list_starts_where_its_cursor_is() {
        let script = ScriptedTransport::new((0..3).map(|_| page(&[], false)));
        converse(&script, async |stripe, deadline| {
            stripe.list_payment_intents(SINCE, Some(&"pi_9".into()), deadline).await.unwrap();
            stripe.list_refunds_since(SINCE, Some(&"re_9".into()), deadline).await.unwrap();
            stripe.list_disputes_since(SINCE, None, deadline).await.unwrap();
        });
        let since = "created[gte]=1789999999&limit=100";
        assert_eq!(
            asked(&script),
            [
                format!("GET /v1/payment_intents?{since}&starting_after=pi_9"),
                format!("GET /v1/refunds?{since}&starting_after=re_9"),
                format!("GET /v1/disputes?{since}"),
            ]
        );
    }

    #[test]
    fn only_events_that_are_read_are_asked_for() {
        let event = json!({"id": "evt_1", "object": "event", "type": "charge.refunded", "created": 1_790_000_000,
            "livemode": false, "data": {"object": {"id": "ch_1"}}});
        let script = ScriptedTransport::new([page(&[event], false)]);
        let events = converse(&script, async |stripe, deadline| {
            stripe.list_events(SINCE, Some("evt_9"), deadline).await.unwrap()
        });
        assert_eq!(events.data[0].created, Timestamp::from_seconds(1_790_000_000));
        let types = EVENT_TYPES.map(|kind| format!("types[]={kind}")).join("&");
        let expected = format!("GET /v1/events?created[gte]=1789999999&{types}&limit=100&starting_after=evt_9");
        assert_eq!(asked(&script), [expected]);
    }

    #[test]
    fn a_page_knows_whether_and_where_the_next_one_starts() {
        let page = |data: &[i32], has_more| Page { data: data.to_vec(), has_more };
        assert_eq!(page(&[3, 2, 1], true).next(), Some(&1));
        assert_eq!(page(&[3, 2, 1], false).next(), None);
        assert_eq!(page(&[], true).next(), None, "a page without anything leads nowhere");
    }

    #[test]
    fn a_listed_intent_was_seen_when_the_list_was() {
        let intent = json!({"id": "pi_1", "amount": 1250, "currency": "eur", "status": "succeeded", "created": 1_000});
        let body = json!({"object": "list", "data": [intent], "has_more": false}).to_string();
        let script = ScriptedTransport::new([Turn::Answer(200, vec![("date", "Sun, 06 Nov 1994 08:49:37 GMT")], body)]);
        let listed = converse(&script, async |stripe, deadline| {
            stripe.list_payment_intents(SINCE, None, deadline).await.unwrap()
        });
        assert_eq!((listed.data[0].created, listed.data[0].seen_at), (1_000, 784_111_777));
    }

    #[test]
    fn all_disputes_of_an_intent_are_read_page_by_page() {
        let script = ScriptedTransport::new([
            page(&[dispute("du_3"), dispute("du_2")], true),
            Turn::json(429, &json!({})),
            page(&[dispute("du_1")], false),
        ]);
        let disputes = converse(&script, async |stripe, deadline| stripe.list_disputes(&"pi_1".into(), deadline).await);
        let ids: Vec<_> = disputes.unwrap().into_iter().map(|dispute| dispute.id.to_string()).collect();
        assert_eq!(ids, ["du_3", "du_2", "du_1"]);
        let second = "GET /v1/disputes?payment_intent=pi_1&limit=100&starting_after=du_2";
        assert_eq!(asked(&script), ["GET /v1/disputes?payment_intent=pi_1&limit=100", second, second]);
    }
}
