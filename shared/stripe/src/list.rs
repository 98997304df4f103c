//! Lists for reconciliation, one page a call, so that a job can note where it is and go on from there later.
//!
//! Pages go from the newest to the oldest. A cursor is the id of the last object that was read; what is created meanwhile
//! comes before it and moves no page.

use domain::{DisputeId, IntentId, RefundId, Timestamp};
use resilience::{Clock, Deadline, Ids, Transport};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::Value;

use crate::{
    Dispute, EVENT_TYPES, Event, OrderReference, PaymentIntent, Refund, Stripe, StripeError, answer::Answer,
    client::Form,
};

/// Stripe's largest page.
const LARGEST_PAGE: &str = "100";

/// One page of a list, the newest first.
#[derive(Debug, Deserialize)]
#[serde(bound = "O: DeserializeOwned")]
pub struct Page<O> {
    /// What is on it: at most 100.
    pub data: Vec<Listed<O>>,
    /// Whether there is another; it starts after this one's last.
    pub has_more: bool,
}

impl<O> Page<O> {
    /// The id before the next page; `None` on the last page.
    pub fn next(&self) -> Option<&str> {
        self.data.last().filter(|_| self.has_more).map(|last| last.id.as_str())
    }

    /// All objects, if all can be read.
    fn into_objects(self) -> Result<Vec<O>, StripeError> {
        self.data.into_iter().map(|listed| listed.object.map_err(StripeError::Unreadable)).collect()
    }

    fn map(self, change: impl Fn(O) -> O) -> Self {
        let data = self.data.into_iter();
        Self { data: data.map(|listed| Listed { object: listed.object.map(&change), ..listed }).collect(), ..self }
    }
}

/// An element of a list. Each is read by itself: one that this version cannot read must not hide the others.
#[derive(Debug)]
pub struct Listed<O> {
    /// Its id.
    pub id: String,
    /// Seconds since the epoch; 0 if it does not say.
    pub created: i64,
    /// How it says whose it is; `None` if it is nobody's of ours.
    pub order: Option<OrderReference>,
    /// The object.
    ///
    /// # Errors
    ///
    /// This version cannot read it.
    pub object: Result<O, serde_json::Error>,
}

impl<'de, O: DeserializeOwned> Deserialize<'de> for Listed<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // Without ids a list leads nowhere.
        let id = value["id"].as_str().ok_or_else(|| D::Error::missing_field("id"))?.to_owned();
        let (created, order) = (value["created"].as_i64().unwrap_or(0), OrderReference::of(&value));
        Ok(Self { id, created, order, object: serde_json::from_value(value) })
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
        let Answer { object: page, said_at } =
            self.get::<Page<PaymentIntent>>("/v1/payment_intents", &query, deadline).await?;
        Ok(page.map(|intent| intent.seen(said_at)))
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
        self.disputes(created_since(since), after.map(DisputeId::as_str), deadline).await
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
        let mut after: Option<String> = None;
        loop {
            let of_intent = vec![("payment_intent", intent.to_string())];
            let page = self.disputes(of_intent, after.as_deref(), deadline).await?;
            after = page.next().map(str::to_owned);
            disputes.extend(page.into_objects()?);
            if after.is_none() {
                return Ok(disputes);
            }
        }
    }

    /// All refunds of an intent, the newest first.
    ///
    /// # Errors
    ///
    /// [`StripeError::Unreadable`] if one of them cannot be read: it may be the one that is looked for. Others as they say.
    pub async fn list_refunds(&self, intent: &IntentId, deadline: Deadline) -> Result<Vec<Refund>, StripeError> {
        let mut refunds: Vec<Refund> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let of_intent = vec![("payment_intent", intent.to_string())];
            let page: Page<Refund> = self.page("/v1/refunds", of_intent, after.as_deref(), deadline).await?;
            after = page.next().map(str::to_owned);
            refunds.extend(page.into_objects()?);
            if after.is_none() {
                return Ok(refunds);
            }
        }
    }

    async fn disputes(
        &self,
        filter: Form<'static>,
        after: Option<&str>,
        deadline: Deadline,
    ) -> Result<Page<Dispute>, StripeError> {
        let query = page_query(filter, after);
        let Answer { object: page, said_at } = self.get::<Page<Dispute>>("/v1/disputes", &query, deadline).await?;
        Ok(page.map(|dispute| dispute.seen(said_at)))
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
        let event = events.data[0].object.as_ref().unwrap();
        assert_eq!(event.created, Timestamp::from_seconds(1_790_000_000));
        let types = EVENT_TYPES.map(|kind| format!("types[]={kind}")).join("&");
        let expected = format!("GET /v1/events?created[gte]=1789999999&{types}&limit=100&starting_after=evt_9");
        assert_eq!(asked(&script), [expected]);
    }

    #[test]
    fn a_page_knows_whether_and_where_the_next_one_starts() {
        let page = |ids: &[&str], has_more: bool| -> Page<Value> {
            let data: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
            serde_json::from_value(json!({"data": data, "has_more": has_more})).unwrap()
        };
        assert_eq!(page(&["3", "2", "1"], true).next(), Some("1"));
        assert_eq!(page(&["3", "2", "1"], false).next(), None);
        assert_eq!(page(&[], true).next(), None, "a page without anything leads nowhere");
    }

    #[test]
    fn an_element_that_cannot_be_read_hides_no_other_and_is_known_by_name() {
        let order = "ord_00000000000000000000000000000001";
        let broken = json!({"id": "du_2", "amount": null, "created": 7, "metadata": {"order_id": order}});
        let page: Page<Dispute> =
            serde_json::from_value(json!({"data": [dispute("du_3"), broken, dispute("du_1")], "has_more": true}))
                .unwrap();
        let read: Vec<_> = page.data.iter().map(|listed| (listed.id.as_str(), listed.object.is_ok())).collect();
        assert_eq!(read, [("du_3", true), ("du_2", false), ("du_1", true)]);
        assert_eq!(
            (page.data[1].created, &page.data[1].order),
            (7, &Some(OrderReference::Order(order.parse().unwrap())))
        );
        assert_eq!(page.next(), Some("du_1"));
        assert!(matches!(page.into_objects(), Err(StripeError::Unreadable(_))));
        assert!(serde_json::from_value::<Page<Dispute>>(json!({"data": [{}], "has_more": false})).is_err());
    }

    #[test]
    fn a_listed_intent_was_seen_when_the_list_was() {
        let intent = json!({"id": "pi_1", "amount": 1250, "currency": "eur", "status": "succeeded", "created": 1_000});
        let body = json!({"object": "list", "data": [intent], "has_more": false}).to_string();
        let script = ScriptedTransport::new([Turn::Answer(200, vec![("date", "Sun, 06 Nov 1994 08:49:37 GMT")], body)]);
        let listed = converse(&script, async |stripe, deadline| {
            stripe.list_payment_intents(SINCE, None, deadline).await.unwrap()
        });
        let intent = listed.data[0].object.as_ref().unwrap();
        assert_eq!((intent.created, intent.seen_at), (1_000, 784_111_777));
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
