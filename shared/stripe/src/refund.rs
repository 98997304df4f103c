//! Refunds.

use domain::{IntentId, Money, OrderId, RefundReason};
use resilience::{Clock, Deadline, Ids, Transport};

use crate::{
    Refund, Stripe, StripeError,
    client::Form,
    object::{ORDER_ID, REFUND_ACTION},
    to_stripe,
};

/// What a refund is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewRefund<'a> {
    /// Our refund action: the idempotency key, so that one action is one refund.
    pub action: &'a str,
    /// The order.
    pub order_id: OrderId,
    /// The intent that brought the money.
    pub intent: &'a IntentId,
    /// The amount.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
}

impl NewRefund<'_> {
    fn form(&self) -> Result<Form<'static>, StripeError> {
        Ok(vec![
            ("payment_intent", self.intent.to_string()),
            ("amount", to_stripe(self.amount)?.to_string()),
            (ORDER_ID, self.order_id.to_string()),
            (REFUND_ACTION, self.action.to_owned()),
            ("reason", self.reason.as_str().to_owned()),
        ])
    }
}

impl<T: Transport, C: Clock, I: Ids> Stripe<T, C, I> {
    /// Gives money back, or brings back the refund that this action made before.
    ///
    /// # Errors
    ///
    /// [`StripeError::KeySpent`] when Stripe saved a failure, [`StripeError::KeyReused`] when it knows the key with other
    /// parameters, and lists no refund of this action: never a second key, which could pay twice. Others as they say;
    /// after 24 hours of `OutcomeUnknown` ask [`find_refund`](Self::find_refund) instead of trying again, since Stripe
    /// forgets the key.
    pub async fn create_refund(&self, new: &NewRefund<'_>, deadline: Deadline) -> Result<Refund, StripeError> {
        match self.post("/v1/refunds", &new.form()?, Some(new.action), deadline).await {
            Ok(answer) => Ok(answer.object),
            Err(error @ (StripeError::KeySpent | StripeError::KeyReused)) => {
                self.find_refund(new.intent, new.action, deadline).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// The refund that an action made, if it made one.
    ///
    /// # Errors
    ///
    /// As they say.
    pub async fn find_refund(
        &self,
        intent: &IntentId,
        action: &str,
        deadline: Deadline,
    ) -> Result<Option<Refund>, StripeError> {
        let refunds = self.list_refunds(intent, deadline).await?;
        Ok(refunds.into_iter().find(|refund| refund.action() == Some(action)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use testkit::{ScriptedTransport, Turn};
    use uuid::Uuid;

    use super::*;
    use crate::conversation::{converse, lines};

    fn refund(id: &str, action: &str) -> Value {
        json!({"id": id, "amount": 500, "currency": "eur", "status": "succeeded", "payment_intent": "pi_1",
            "created": 1, "metadata": {"refund_action": action}})
    }

    fn page(data: &[Value], has_more: bool) -> Turn {
        Turn::json(200, &json!({"object": "list", "data": data, "has_more": has_more}))
    }

    fn saved_failure() -> Turn {
        Turn::Answer(500, vec![("idempotent-replayed", "true")], "{}".to_owned())
    }

    fn create(script: &ScriptedTransport) -> Result<Refund, StripeError> {
        let new = NewRefund {
            action: "cancel-pi_1-0",
            order_id: OrderId::from_uuid(Uuid::from_u128(1)),
            intent: &"pi_1".into(),
            amount: Money::new(500, "eur".parse().unwrap()),
            reason: RefundReason::RequestedByCustomer,
        };
        converse(script, async |stripe, deadline| stripe.create_refund(&new, deadline).await)
    }

    #[test]
    fn the_action_is_the_key() {
        let script = ScriptedTransport::new([Turn::Lost, Turn::json(200, &refund("re_1", "cancel-pi_1-0"))]);
        assert_eq!(create(&script).unwrap().action(), Some("cancel-pi_1-0"));
        let form = "payment_intent=pi_1&amount=500&metadata[order_id]=ord_00000000000000000000000000000001&metadata[refund_action]=cancel-pi_1-0&reason=requested_by_customer";
        assert_eq!(lines(&script)[0], format!("POST /v1/refunds {form}"));
        assert_eq!(script.header("idempotency-key"), ["cancel-pi_1-0", "cancel-pi_1-0"]);
    }

    #[test]
    fn after_a_saved_failure_stripes_state_decides() {
        let other = refund("re_2", "other");
        let script = ScriptedTransport::new([
            saved_failure(),
            page(&[refund("re_3", "another"), other.clone()], true),
            page(&[refund("re_1", "cancel-pi_1-0")], false),
        ]);
        assert_eq!(create(&script).unwrap().id.as_str(), "re_1");
        assert_eq!(lines(&script)[2], "GET /v1/refunds?payment_intent=pi_1&limit=100&starting_after=re_2");

        let script = ScriptedTransport::new([saved_failure(), page(std::slice::from_ref(&other), false)]);
        assert!(matches!(create(&script), Err(StripeError::KeySpent)));

        let reused = || Turn::json(400, &json!({"error": {"type": "idempotency_error"}}));
        let script = ScriptedTransport::new([reused(), page(&[refund("re_1", "cancel-pi_1-0")], false)]);
        assert_eq!(create(&script).unwrap().id.as_str(), "re_1");
        let script = ScriptedTransport::new([reused(), page(&[other], false)]);
        assert!(matches!(create(&script), Err(StripeError::KeyReused)));
    }
}
