//! What can happen to one order, from outside: on the cloud stack with the real binaries, or on the embedded one.

use std::time::{Duration, Instant};

use futures::future::join_all;
use http::Method;
use resilience::{Ids as _, RandomIds};
use serde_json::{Value, json};

use super::{DrillError, faults};
use crate::cloud::services::Services;
use crate::dead_letters;
use crate::shop::{PlacedOrder, Shop, ShopError};
use crate::stack::{Kind, Stack};

/// How long what is promised may take; two visibility timeouts and the wait for evidence fit in.
const PATIENCE: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_millis(250);

/// A scenario's broken promise.
type Failure = String;

/// The stack, with a customer of this scenario's own in front of it.
struct Scenario<'a> {
    stack: &'a Stack,
    shop: Shop,
}

/// Runs all scenarios; each is one check.
///
/// # Errors
///
/// A promise was broken, or the stack does not answer.
pub async fn run() -> Result<(), DrillError> {
    let stack = Stack::load()?.ok_or(DrillError::NoStack)?;
    let shop = Shop::new(&stack)?;
    faults::switch_off(&shop).await?;
    let (mut passed, mut failed) = (0, 0);
    macro_rules! scenarios {
        ($($name:ident),+ $(,)?) => {$(
            let began = Instant::now();
            let scenario = Scenario { stack: &stack, shop: shop.another_customer()? };
            let ended = scenario.$name().await;
            faults::switch_off(&shop).await?;
            let (name, seconds) = (stringify!($name).replace('_', " "), began.elapsed().as_secs_f64());
            match ended {
                Ok(()) => { passed += 1; println!("ok     {seconds:>6.1} s  {name}"); }
                Err(broken) => { failed += 1; println!("BROKEN {seconds:>6.1} s  {name}: {broken}"); }
            }
        )+};
    }
    scenarios!(
        placed_and_paid,
        declined_then_paid,
        paid_with_3d_secure,
        abandoned,
        cancelled_before_payment,
        cancelled_during_payment,
        webhook_before_the_apis_answer,
        stripe_down,
        sendgrid_busy_and_its_answer_lost,
        sheets_quota_used_up,
        the_same_request_twenty_times_at_once,
    );
    if stack.kind == Kind::Cloud {
        scenarios!(a_poison_record_in_the_stream);
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err(DrillError::Broken(failed)) }
}

impl Scenario<'_> {
    async fn placed_and_paid(&self) -> Result<(), Failure> {
        let (id, secret) = self.place().await?;
        self.pay(&secret, "pm_card_visa").await?;
        self.confirmed(&id).await
    }

    async fn declined_then_paid(&self) -> Result<(), Failure> {
        let (id, secret) = self.place().await?;
        let declined = self.shop.pay(&secret, "pm_card_chargeDeclined").await;
        expect(declined.is_err(), "a declined card paid")?;
        self.pay(&secret, "pm_card_visa").await?;
        self.confirmed(&id).await
    }

    async fn paid_with_3d_secure(&self) -> Result<(), Failure> {
        let (id, secret) = self.place().await?;
        let intent = self.pay(&secret, "pm_card_threeDSecure2Required").await?;
        expect(intent["status"] == "requires_action", format!("the intent is {}", intent["status"]))?;
        let path = format!("/_sandbox/stripe/payment_intents/{}/authenticate", text(&intent["id"]));
        said(self.shop.sandbox(Method::POST, &path, Some(&json!({"outcome": "success"}))).await)?;
        self.confirmed(&id).await
    }

    async fn abandoned(&self) -> Result<(), Failure> {
        let (id, _) = self.place().await?;
        self.row(&id, "pending_payment").await?;
        expect(said(self.shop.mails_about(&id).await)?.is_empty(), "a mail was sent")
    }

    async fn cancelled_before_payment(&self) -> Result<(), Failure> {
        let (id, _) = self.place().await?;
        said(self.shop.cancel(&id).await)?;
        self.eventually("its intent is voided", async || {
            let intents = self.shop.payment_intents_of(&id).await?;
            Ok(intents.len() == 1 && intents[0]["status"] == "canceled")
        })
        .await?;
        self.row(&id, "cancelled").await?;
        self.mails(&id, &["order_cancelled"]).await
    }

    /// Who is faster does not matter: in the end the customer has paid nothing.
    async fn cancelled_during_payment(&self) -> Result<(), Failure> {
        let (id, secret) = self.place().await?;
        let (paid, cancelled) = tokio::join!(self.shop.pay(&secret, "pm_card_visa"), self.shop.cancel(&id));
        said(cancelled)?;
        let status = if paid.is_ok() { "refunded" } else { "cancelled" };
        self.row(&id, status).await?;
        let order = said(self.shop.order(&id).await)?;
        expect(order["status"] == status, format!("the order is {}", order["status"]))
    }

    async fn webhook_before_the_apis_answer(&self) -> Result<(), Failure> {
        self.fault(&json!({"provider": "stripe", "method": "POST", "path": "/v1/payment_intents", "kind": "latency",
            "millis": 1500, "times": 1}))
            .await?;
        let (id, secret) = self.place().await?;
        self.pay(&secret, "pm_card_visa").await?;
        self.confirmed(&id).await
    }

    async fn stripe_down(&self) -> Result<(), Failure> {
        self.fault(&json!({"provider": "stripe", "kind": "unavailable"})).await?;
        let key = RandomIds.fresh().to_string();
        let placed = said(self.shop.place(&key, "stripe-down@example.com").await)?;
        expect(placed.client_secret.is_none(), "there is a client secret")?;
        said(faults::switch_off(&self.shop).await)?;
        let secret = said(self.shop.payment_intent(&placed.order_id).await)?;
        self.pay(&secret.ok_or("no client secret afterwards")?, "pm_card_visa").await?;
        self.confirmed(&placed.order_id).await
    }

    async fn sendgrid_busy_and_its_answer_lost(&self) -> Result<(), Failure> {
        self.fault(&json!({"provider": "sendgrid", "kind": "too_many_requests", "retry_after": 1, "times": 1})).await?;
        self.fault(&json!({"provider": "sendgrid", "kind": "answer_lost", "times": 1})).await?;
        self.placed_and_paid().await
    }

    async fn sheets_quota_used_up(&self) -> Result<(), Failure> {
        self.fault(&json!({"provider": "sheets", "kind": "too_many_requests", "retry_after": 1, "times": 4})).await?;
        self.placed_and_paid().await
    }

    /// Of a customer who may place thirty orders a minute.
    async fn the_same_request_twenty_times_at_once(&self) -> Result<(), Failure> {
        self.fault(&json!({"provider": "stripe", "kind": "answer_lost", "probability": 0.3})).await?;
        let key = RandomIds.fresh().to_string();
        let once = async || loop {
            match self.shop.place(&key, "twenty@example.com").await {
                Ok(PlacedOrder { order_id, client_secret: Some(secret) }) => break (order_id, secret),
                _ => tokio::time::sleep(LOOK).await,
            }
        };
        let answers = join_all((0..20).map(|_| once())).await;
        said(faults::switch_off(&self.shop).await)?;
        let (id, secret) = answers[0].clone();
        expect(answers.iter().all(|answer| *answer == answers[0]), "the answers differ")?;
        let intents = said(self.shop.payment_intents_of(&id).await)?;
        expect(intents.len() == 1, format!("{} intents", intents.len()))?;
        self.pay(&secret, "pm_card_visa").await?;
        self.confirmed(&id).await
    }

    /// A malformed record ends whole among the dead letters, and later orders are not affected.
    async fn a_poison_record_in_the_stream(&self) -> Result<(), Failure> {
        let services = said(Services::new(&self.stack.endpoint_url))?;
        let id = format!("ord_{}", RandomIds.fresh().simple());
        let poison = json!({"pk": {"S": id}, "sk": {"S": "event#0000000001#00"}, "event": {"S": "{\"type\":\"?\"}"}});
        let put = json!({"TableName": self.stack.tables.orders, "Item": poison});
        said(services.call("dynamodb", "DynamoDB_20120810.PutItem", &put).await)?;
        self.placed_and_paid().await?;
        let queue = self.stack.queues.get("order-stream").ok_or("order-stream has no dead letters")?;
        let receive = json!({"QueueUrl": queue.dead_letters_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5});
        let letters = said(services.call("sqs", "AmazonSQS.ReceiveMessage", &receive).await)?;
        let bodies = letters["Messages"].as_array().cloned().unwrap_or_default();
        expect(bodies.iter().any(|letter| text(&letter["Body"]).contains(&id)), "it is not among the dead letters")?;
        let purge = json!({"QueueUrl": queue.dead_letters_url});
        said(services.call("sqs", "AmazonSQS.PurgeQueue", &purge).await)?;
        let left = said(dead_letters::counts(self.stack).await)?;
        expect(left.is_empty(), format!("other dead letters: {left:?}"))
    }

    async fn place(&self) -> Result<(String, String), Failure> {
        let key = RandomIds.fresh().to_string();
        let PlacedOrder { order_id, client_secret } = said(self.shop.place(&key, "scenario@example.com").await)?;
        Ok((order_id, client_secret.ok_or("payment is pending although Stripe is up")?))
    }

    async fn pay(&self, secret: &str, card: &str) -> Result<Value, Failure> {
        said(self.shop.pay(secret, card).await)
    }

    async fn fault(&self, fault: &Value) -> Result<(), Failure> {
        said(self.shop.sandbox(Method::POST, "/_sandbox/faults", Some(fault)).await).map(drop)
    }

    /// Paid once, one mail, one row.
    async fn confirmed(&self, id: &str) -> Result<(), Failure> {
        self.row(id, "paid").await?;
        self.mails(id, &["order_confirmation"]).await?;
        let order = said(self.shop.order(id).await)?;
        expect(order["status"] == "paid", format!("the order is {}", order["status"]))?;
        let paid = said(self.shop.payment_intents_of(id).await)?;
        let paid = paid.iter().filter(|intent| intent["status"] == "succeeded").count();
        expect(paid == 1, format!("{paid} payments"))
    }

    async fn row(&self, id: &str, status: &str) -> Result<(), Failure> {
        let promise = format!("one row, which says {status}");
        self.eventually(&promise, async || Ok(self.shop.rows_of(id).await? == [status])).await
    }

    async fn mails(&self, id: &str, kinds: &[&str]) -> Result<(), Failure> {
        let promise = format!("the mails are {kinds:?}");
        self.eventually(&promise, async || Ok(self.shop.mails_about(id).await? == kinds)).await
    }

    async fn eventually(&self, promise: &str, holds: impl AsyncFn() -> Result<bool, ShopError>) -> Result<(), Failure> {
        let began = Instant::now();
        while !said(holds().await)? {
            expect(began.elapsed() < PATIENCE, format!("not within {} s: {promise}", PATIENCE.as_secs()))?;
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

fn expect(holds: bool, broken: impl Into<Failure>) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(broken.into()) }
}

fn said<T, E: std::error::Error>(answer: Result<T, E>) -> Result<T, Failure> {
    answer.map_err(|error| error.to_string())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
