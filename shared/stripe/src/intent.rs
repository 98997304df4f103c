//! Payment intents.

use domain::{EmailAddress, IntentId, Money, Order, OrderId, PaymentFact};
use resilience::{Clock, Deadline, Ids, Transport};

use crate::{
    PaymentIntent, Stripe, StripeError,
    answer::Answer,
    check_chargeable,
    client::{Form, segment},
    intent_facts,
    object::{ATTEMPT, ORDER_ID},
    to_stripe,
};

/// How many idempotency keys one attempt may use up on failures that Stripe saved.
const KEYS: u32 = 3;

/// Payment methods that are never offered: the customer would have days to pay at a shop or a bank, or to verify an account,
/// while an order waits for an hour. The README says so. What else the dashboard has switched on is offered.
///
/// Source: <https://docs.stripe.com/payments/payment-methods/payment-method-support>.
pub const NOT_OFFERED: [&str; 7] =
    ["acss_debit", "boleto", "customer_balance", "konbini", "multibanco", "oxxo", "us_bank_account"];

/// What an intent is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewIntent<'a> {
    /// The order it pays for.
    pub order_id: OrderId,
    /// Which try at paying the order this is, from 1. The same attempt is the same intent, however often it is asked for.
    pub attempt: u32,
    /// What is to be paid.
    pub amount: Money,
    /// The address for Stripe's own receipt (in live mode); `None` if our mail is enough.
    pub receipt_email: Option<&'a EmailAddress>,
}

impl NewIntent<'_> {
    /// For the attempt at which the order's payment is. Everyone who asks for an order's intent does it with this:
    /// Stripe refuses a known key with other parameters.
    pub const fn of(order: &Order) -> Self {
        Self { order_id: order.id, attempt: order.payment.attempt, amount: order.total, receipt_email: None }
    }

    /// The idempotency key, and those that take over when Stripe has saved a failure under the ones before.
    fn keys(&self) -> impl Iterator<Item = String> {
        let first = format!("{}-intent-{}", self.order_id, self.attempt);
        let next = (2..=KEYS).map({
            let first = first.clone();
            move |number| format!("{first}-{number}")
        });
        std::iter::once(first).chain(next)
    }

    fn form(&self) -> Result<Form<'static>, StripeError> {
        check_chargeable(self.amount)?;
        let mut form = vec![
            ("amount", to_stripe(self.amount)?.to_string()),
            ("currency", self.amount.currency.to_string()),
            ("automatic_payment_methods[enabled]", "true".to_owned()),
            (ORDER_ID, self.order_id.to_string()),
            (ATTEMPT, self.attempt.to_string()),
        ];
        form.extend(NOT_OFFERED.map(|method| ("excluded_payment_method_types[]", method.to_owned())));
        if let Some(email) = self.receipt_email {
            form.push(("receipt_email", email.ascii().into_owned()));
        }
        Ok(form)
    }
}

impl<T: Transport, C: Clock, I: Ids> Stripe<T, C, I> {
    /// Creates the intent, or brings back the one that this attempt created before. `seen_at` of the result is the
    /// intent's creation: a replayed answer shows the state of back then, whatever has happened since.
    ///
    /// When Stripe has saved a failure under the attempt's key, or knows it with other parameters (an earlier release sent
    /// them), the next key of a fixed series is used, so that all callers of this attempt get the same intent. An intent
    /// that was left at Stripe under an earlier key can't be paid, since its client secret was never given away.
    ///
    /// # Errors
    ///
    /// [`StripeError::Amount`] if the amount cannot be charged, [`StripeError::KeySpent`] if the row of keys is used up.
    /// Others as they say.
    pub async fn create_payment_intent(
        &self,
        new: &NewIntent<'_>,
        deadline: Deadline,
    ) -> Result<PaymentIntent, StripeError> {
        let form = new.form()?;
        for key in new.keys() {
            match self.post::<PaymentIntent>("/v1/payment_intents", &form, Some(&key), deadline).await {
                Ok(Answer { object: intent, .. }) => {
                    let created = intent.created;
                    return Ok(intent.seen(created));
                }
                Err(error @ (StripeError::KeySpent | StripeError::KeyReused)) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "taking the next key");
                }
                Err(error) => return Err(error),
            }
        }
        Err(StripeError::KeySpent)
    }

    /// The intent as it is now.
    ///
    /// # Errors
    ///
    /// [`StripeError::is_missing`] if there is none with this id. Others as they say.
    pub async fn retrieve_payment_intent(
        &self,
        id: &IntentId,
        deadline: Deadline,
    ) -> Result<PaymentIntent, StripeError> {
        let path = format!("/v1/payment_intents/{}", segment(id.as_str()));
        let answer = self.get::<PaymentIntent>(&path, &Form::new(), deadline).await?;
        Ok(answer.object.seen(answer.said_at))
    }

    /// Cancels the intent if it still can be, and says how it is then: `Canceled`, or what was faster (`Succeeded`,
    /// `Processing`). Harmless to repeat.
    ///
    /// # Errors
    ///
    /// As they say.
    pub async fn cancel_payment_intent(&self, id: &IntentId, deadline: Deadline) -> Result<PaymentIntent, StripeError> {
        let path = format!("/v1/payment_intents/{}/cancel", segment(id.as_str()));
        // Without an idempotency key: each try acts on the intent as it is, so a saved failure can't stand in the way.
        match self.post::<PaymentIntent>(&path, &Form::new(), None, deadline).await {
            Ok(answer) => Ok(answer.object.seen(answer.said_at)),
            Err(error) if error.is_unexpected_state() => self.retrieve_payment_intent(id, deadline).await,
            Err(error) => Err(error),
        }
    }

    /// Cancels each of these intents if it still can be cancelled, and returns their facts afterwards.
    ///
    /// # Errors
    ///
    /// The first one's, as they say; doing it again is harmless.
    pub async fn void(
        &self,
        intents: impl IntoIterator<Item = &IntentId>,
        deadline: Deadline,
    ) -> Result<Vec<PaymentFact>, StripeError> {
        let mut facts = Vec::new();
        for id in intents {
            facts.extend(intent_facts(&self.cancel_payment_intent(id, deadline).await?)?);
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use testkit::{ScriptedTransport, Turn};
    use uuid::Uuid;

    use super::*;
    use crate::conversation::{converse, lines};

    const ORDER: OrderId = OrderId::from_uuid(Uuid::from_u128(1));
    const KEY: &str = "ord_00000000000000000000000000000001-intent-1";

    fn intent(status: &str) -> Value {
        json!({"id": "pi_1", "object": "payment_intent", "amount": 1250, "currency": "eur", "status": status,
            "client_secret": "pi_1_secret_2", "created": 1_789_999_999, "metadata": {"order_id": ORDER.to_string()}})
    }

    fn error(status: u16, code: &str) -> Turn {
        Turn::json(status, &json!({"error": {"type": "invalid_request_error", "code": code}}))
    }

    fn saved_failure() -> Turn {
        Turn::Answer(500, vec![("idempotent-replayed", "true")], "{}".to_owned())
    }

    fn create(script: &ScriptedTransport, amount: Money) -> Result<PaymentIntent, StripeError> {
        let email = "anna@example.com".parse().unwrap();
        let new = NewIntent { order_id: ORDER, attempt: 1, amount, receipt_email: Some(&email) };
        converse(script, async |stripe, deadline| stripe.create_payment_intent(&new, deadline).await)
    }

    fn eur(amount: i64) -> Money {
        Money::new(amount, "eur".parse().unwrap())
    }

    #[test]
    fn an_intent_is_asked_for_with_amount_order_and_key() {
        let script = ScriptedTransport::new([Turn::json(200, &intent("requires_payment_method"))]);
        let created = create(&script, eur(1250)).unwrap();
        assert_eq!((created.order_id(), created.seen_at), (Some(ORDER), 1_789_999_999));
        let form = "amount=1250&currency=eur&automatic_payment_methods[enabled]=true&metadata[order_id]=ord_00000000000000000000000000000001&metadata[attempt]=1";
        let excluded = NOT_OFFERED.map(|method| format!("&excluded_payment_method_types[]={method}")).concat();
        let email = "&receipt_email=anna%40example.com";
        assert_eq!(lines(&script), [format!("POST /v1/payment_intents {form}{excluded}{email}")]);
        assert_eq!(script.header("idempotency-key"), [KEY]);
        assert_eq!(script.header("authorization"), ["Bearer sk_test_1"]);
        assert_eq!(script.header("stripe-version"), [crate::API_VERSION]);
        assert_eq!(script.header("content-type"), ["application/x-www-form-urlencoded"]);
    }

    #[test]
    fn what_may_pass_is_tried_again_under_the_same_key() {
        for trouble in [
            Turn::Lost,
            Turn::NotSent,
            Turn::json(500, &json!({})),
            Turn::json(503, &json!({})),
            Turn::json(429, &json!({})),
            Turn::json(408, &json!({})),
            Turn::json(424, &json!({"error": {"type": "api_error"}})),
            Turn::json(425, &json!({})),
            Turn::Answer(400, vec![("stripe-should-retry", "true")], "{}".to_owned()),
            error(409, "idempotency_key_in_use"),
        ] {
            let script = ScriptedTransport::new([trouble, Turn::json(200, &intent("requires_payment_method"))]);
            create(&script, eur(1250)).unwrap();
            assert_eq!(script.header("idempotency-key"), [KEY, KEY]);
        }
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        let script = ScriptedTransport::new([error(400, "parameter_invalid_integer")]);
        assert!(matches!(create(&script, eur(1250)), Err(StripeError::Invalid { .. })));
        let script = ScriptedTransport::new([error(401, "x")]);
        assert!(matches!(create(&script, eur(1250)), Err(StripeError::Unauthorized { status: 401 })));
        // Stripe says itself that another try is in vain, for now.
        let script =
            ScriptedTransport::new([Turn::Answer(500, vec![("stripe-should-retry", "false")], "{}".to_owned())]);
        assert!(matches!(create(&script, eur(1250)), Err(StripeError::Unavailable { .. })));
        let script = ScriptedTransport::new([]);
        assert!(matches!(create(&script, eur(49)), Err(StripeError::Amount(_))));
    }

    #[test]
    fn three_lost_answers_are_an_unknown_outcome() {
        let script = ScriptedTransport::new([Turn::Lost, Turn::Lost, Turn::Lost]);
        assert!(matches!(create(&script, eur(1250)), Err(StripeError::OutcomeUnknown(_))));
    }

    #[test]
    fn a_saved_failure_is_left_behind_by_a_key_that_everyone_derives() {
        let good = || Turn::json(200, &intent("requires_payment_method"));
        let script = ScriptedTransport::new([Turn::json(500, &json!({})), saved_failure(), saved_failure(), good()]);
        create(&script, eur(1250)).unwrap();
        assert_eq!(script.header("idempotency-key"), [KEY, KEY, &format!("{KEY}-2"), &format!("{KEY}-3")]);

        // An earlier release made the first key's request with other parameters.
        let reused = Turn::json(400, &json!({"error": {"type": "idempotency_error"}}));
        let script = ScriptedTransport::new([reused, good()]);
        create(&script, eur(1250)).unwrap();
        assert_eq!(script.header("idempotency-key"), [KEY, &format!("{KEY}-2")]);

        let script = ScriptedTransport::new([saved_failure(), saved_failure(), saved_failure()]);
        assert!(matches!(create(&script, eur(1250)), Err(StripeError::KeySpent)));
    }

    fn cancel(script: &ScriptedTransport) -> PaymentIntent {
        converse(script, async |stripe, deadline| stripe.cancel_payment_intent(&"pi_1".into(), deadline).await).unwrap()
    }

    #[test]
    fn cancelling_tells_what_was_faster() {
        use domain::IntentStatus::{Canceled, Succeeded};
        let script = ScriptedTransport::new([Turn::json(200, &intent("canceled"))]);
        assert_eq!(cancel(&script).status(), Canceled);

        let paid = Turn::json(200, &intent("succeeded"));
        let script = ScriptedTransport::new([Turn::Lost, error(400, "payment_intent_unexpected_state"), paid]);
        assert_eq!(cancel(&script).status(), Succeeded);
        let post = "POST /v1/payment_intents/pi_1/cancel";
        assert_eq!(lines(&script), [post, post, "GET /v1/payment_intents/pi_1"]);
        assert_eq!(script.header("idempotency-key"), ["", "", ""]);
    }

    #[test]
    fn an_intent_that_cannot_be_cancelled_for_another_reason_is_not_looked_at() {
        for (answer, is_missing) in [(error(404, "resource_missing"), true), (error(400, "parameter_unknown"), false)] {
            let script = ScriptedTransport::new([answer]);
            let cancelled = converse(&script, async |stripe, deadline| {
                stripe.cancel_payment_intent(&"pi_1".into(), deadline).await
            });
            assert_eq!(cancelled.unwrap_err().is_missing(), is_missing);
            assert_eq!(lines(&script), ["POST /v1/payment_intents/pi_1/cancel"]);
        }
    }

    #[test]
    fn reading_takes_stripes_own_time_and_ids_cannot_leave_their_place() {
        let dated = vec![("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
        let script = ScriptedTransport::new([
            Turn::Answer(200, dated, intent("processing").to_string()),
            error(404, "resource_missing"),
        ]);
        let (read, missing) = converse(&script, async |stripe, deadline| {
            let read = stripe.retrieve_payment_intent(&"pi_1".into(), deadline).await;
            (read, stripe.retrieve_payment_intent(&"../refunds?x".into(), deadline).await)
        });
        assert_eq!(read.unwrap().seen_at, 784_111_777);
        assert!(missing.unwrap_err().is_missing());
        assert_eq!(lines(&script)[1], "GET /v1/payment_intents/..%2Frefunds%3Fx");
    }
}
