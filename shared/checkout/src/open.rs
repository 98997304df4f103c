//! Finding or making the intent.

use std::convert::Infallible;

use domain::{IntentStatus, Order, PaymentFact};
use resilience::{Clock, Deadline, Ids, Transport};
use store::{Orders, Receipt, ReceiptSource, UpdateError, update_from};
use stripe::{NewIntent, PaymentIntent, Stripe, StripeError, intent_facts};

use crate::{CheckoutError, PaymentAnswer};

/// How often the order is read again: after a lost answer, and after an intent was cancelled.
const ROUNDS: u32 = 6;

/// What is needed to get an order paid.
#[derive(Debug)]
pub struct Checkout<'a, O, T, C, I> {
    /// Where orders are.
    pub orders: &'a O,
    /// Stripe's client; `None` while its key cannot be read.
    pub stripe: Option<&'a Stripe<T, C, I>>,
    /// The time.
    pub clock: &'a C,
    /// Jitter.
    pub ids: &'a I,
    /// The deadline for all of it.
    pub deadline: Deadline,
    /// The request that asks.
    pub correlation_id: &'a str,
}

impl<O: Orders, T: Transport, C: Clock, I: Ids> Checkout<'_, O, T, C, I> {
    /// The order with its live intent: the current one, or a new one when there is none or it was cancelled at Stripe.
    /// An order that is not awaiting payment is returned without an intent.
    ///
    /// Concurrent callers get the same intent. Its client secret is returned only after the order names it, so that
    /// cancelling the order finds and voids it.
    ///
    /// # Errors
    ///
    /// [`CheckoutError`]; asking again is safe. [`CheckoutError::Refused`] cancels the order, and is said again to whoever
    /// asks again; so is [`CheckoutError::NoAttemptLeft`], which leaves the order as it is.
    pub async fn open(&self, mut order: Order) -> Result<(Order, PaymentAnswer), CheckoutError> {
        for _ in 0..ROUNDS {
            if order.is_payment_refused() {
                return Err(CheckoutError::Refused(order.payment.refusal));
            }
            if !order.status.awaits_payment() {
                let known = PaymentAnswer::known(&order);
                return Ok((order, known));
            }
            if order.has_used_up_attempts() {
                return Err(CheckoutError::NoAttemptLeft);
            }
            let intent = match self.intent(&order).await {
                Ok(intent) => intent,
                // Stripe is up, so another read is worthwhile: a concurrent caller may have got the answer meanwhile.
                Err(CheckoutError::Stripe(StripeError::OutcomeUnknown(_) | StripeError::KeyInUse))
                    if !self.is_over() =>
                {
                    order =
                        self.orders.find(order.id).await.map_err(UpdateError::Store)?.ok_or(UpdateError::NotFound)?;
                    continue;
                }
                Err(CheckoutError::Stripe(error)) if error.is_refusal() && order.payment.intent.is_none() => {
                    order = self.refuse(&order, &error).await?;
                    continue;
                }
                Err(error) => {
                    self.leave_spent_keys(&order, &error).await?;
                    return Err(error);
                }
            };
            order = self.record(&order, &intent).await?;
            let known = order.payment.facts.intent(&intent.id).map_or(intent.status(), |fact| fact.status);
            let is_current = order.payment.intent.as_ref() == Some(&intent.id);
            if is_current && known == IntentStatus::Canceled {
                order = self.begin_next_attempt(&order).await?;
            } else if is_current && !known.is_final() && order.status.awaits_payment() {
                return Ok((order, PaymentAnswer::live(intent)));
            } else if !is_current {
                // It came for an attempt that an edit has ended meanwhile.
                order = self.void_replaced(order).await?;
            }
        }
        Err(CheckoutError::NoLiveIntent)
    }

    /// The order with what Stripe says of its current intent; as it is when nothing more can come of that.
    ///
    /// # Errors
    ///
    /// [`CheckoutError`]; asking again is safe.
    pub async fn refresh(&self, order: Order) -> Result<Order, CheckoutError> {
        let Some(id) = &order.payment.intent else { return Ok(order) };
        if order.payment.facts.intent(id).is_some_and(|fact| fact.status.is_final()) {
            return Ok(order);
        }
        let intent = self.stripe()?.retrieve_payment_intent(id, self.deadline).await?;
        self.record(&order, &intent).await
    }

    async fn intent(&self, order: &Order) -> Result<PaymentIntent, CheckoutError> {
        let stripe = self.stripe()?;
        if let Some(id) = &order.payment.intent {
            return Ok(stripe.retrieve_payment_intent(id, self.deadline).await?);
        }
        Ok(stripe.create_payment_intent(&NewIntent::of(order), self.deadline).await?)
    }

    /// Stores Stripe's answer, if it is new. Facts of an attempt that is over are applied, but its intent is not used.
    async fn record(&self, order: &Order, intent: &PaymentIntent) -> Result<Order, CheckoutError> {
        let facts = intent_facts(intent)?;
        if order.payment.intent.as_ref() == Some(&intent.id) && facts.iter().all(|fact| is_known(order, fact)) {
            return Ok(order.clone());
        }
        let attempt = order.payment.attempt;
        let is_new = order.payment.intent.is_none();
        let apply = |stored: &Order| {
            let (facts, now) = (facts.clone(), self.clock.now());
            if is_new && stored.payment.attempt == attempt && stored.payment.intent.is_none() {
                stored.attach_intent(intent.id.clone(), facts, self.correlation_id, now)
            } else {
                stored.apply_facts(facts, self.correlation_id, now)
            }
        };
        // The creation of an intent moves no money: it is the one answer of Stripe's that leaves no receipt.
        let now = self.clock.now();
        let receipt = (!is_new)
            .then(|| Receipt::from_facts(ReceiptSource::Checkout, order.id, facts.clone(), now, self.correlation_id));
        self.update(order, receipt.as_ref(), apply).await
    }

    /// Makes the next one who asks take new idempotency keys, where this attempt's only replay failures. Not at once:
    /// while Stripe fails, each try would use up more of them.
    async fn leave_spent_keys(&self, order: &Order, error: &CheckoutError) -> Result<(), CheckoutError> {
        if let CheckoutError::Stripe(StripeError::KeySpent) = error {
            if !order.payment.has_attempts_left() {
                return Err(CheckoutError::NoAttemptLeft);
            }
            let attempt = order.payment.attempt;
            self.update(order, None, |stored| stored.skip_attempt(attempt, self.correlation_id, self.clock.now()))
                .await?;
        }
        Ok(())
    }

    /// Cancels the order that Stripe refuses to charge: asking again would end the same way, and its goods would be held in
    /// vain.
    async fn refuse(&self, order: &Order, error: &StripeError) -> Result<Order, CheckoutError> {
        tracing::error!(order_id = %order.id, error = error as &dyn std::error::Error, "stripe refuses to charge the order");
        telemetry::count("PaymentsRefused", 1);
        let (attempt, code) = (order.payment.attempt, error.code());
        let refuse = |stored: &Order| stored.refuse_payment(attempt, code, self.correlation_id, self.clock.now());
        self.update(order, None, refuse).await
    }

    async fn begin_next_attempt(&self, order: &Order) -> Result<Order, CheckoutError> {
        self.update(order, None, |stored| stored.next_attempt(self.correlation_id, self.clock.now())).await
    }

    pub(crate) async fn update(
        &self,
        order: &Order,
        receipt: Option<&Receipt>,
        decide: impl Fn(&Order) -> Option<domain::Change>,
    ) -> Result<Order, CheckoutError> {
        let decide = |stored: &Order| Ok::<_, Infallible>(decide(stored));
        // Boxed: this future is part of many larger ones.
        Ok(Box::pin(update_from(self.orders, self.clock, self.ids, order.clone(), receipt, decide)).await?)
    }

    pub(crate) fn stripe(&self) -> Result<&Stripe<T, C, I>, CheckoutError> {
        self.stripe.ok_or(CheckoutError::NoKey)
    }

    fn is_over(&self) -> bool {
        self.deadline.left(self.clock).is_zero()
    }
}

/// Whether the fact says nothing but that all is as it was. Its later second is not worth a write on every look; should
/// an older webhook overtake what was seen here, the next look mends it.
fn is_known(order: &Order, fact: &PaymentFact) -> bool {
    let PaymentFact::PaymentIntent(fact) = fact else { return false };
    let known = order.payment.facts.intent(&fact.id);
    known.is_some_and(|known| known.status == fact.status && known.received == fact.received)
}
