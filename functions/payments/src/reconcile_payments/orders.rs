//! From us to Stripe: checks that the orders of the window agree with Stripe, and that nothing is left to do for them.

use domain::{EventType, IntentFact, IntentId, IntentStatus, Order, OrderEvent, OrderId, OrderStatus};
use resilience::{Clock, Ids, Transport};
use store::{Cursor, MAX_PAGE, Orders, PageRequest};
use stripe::{StripeError, dispute_facts};

use crate::reconcile_payments::compare::said;
use crate::reconcile_payments::pass::{Run, StopReason};
use crate::reconcile_payments::stripes::facts_of;
use crate::reconcile_payments::{Difference, Kind, Outcome};

/// The events of due refunds, among those that pass the filter of `settle-payment`'s subscription.
const SETTLED: [EventType; 3] = [EventType::Cancelled, EventType::RefundDue, EventType::RefundRequested];

impl<O: Orders, T: Transport, C: Clock, I: Ids> Run<'_, O, T, C, I> {
    pub(crate) async fn orders(&mut self, status: OrderStatus) -> Result<bool, StopReason> {
        let (since, until) = (self.cursor.since, self.cursor.until);
        let after = self.cursor.after.clone().unwrap_or_else(|| since.to_string());
        let request = PageRequest { limit: MAX_PAGE, after: Some(Cursor::after(after)) };
        let page = self.with.orders.oldest_with_status(status, until, &request).await?;
        for order in &page.items {
            self.check_time()?;
            self.report.compared.orders += 1;
            // An order that just changed is still being processed.
            if order.updated_at <= until {
                let worked = self.order(order).await;
                self.one_order(order.id, "", worked)?;
            }
            self.cursor.after = Some(Cursor::behind(order).sort_key().to_owned());
        }
        Ok(page.next.is_some())
    }

    async fn order(&mut self, order: &Order) -> Result<(), StopReason> {
        let facts = &order.payment.facts;
        if order.status.awaits_payment() {
            for intent in facts.live() {
                self.awaited(order, intent).await?;
            }
        }
        for intent in facts.succeeded() {
            self.received(order, intent).await?;
            if facts.has_open_dispute() {
                self.contested(order, &intent.id).await?;
            }
        }
        self.unsettled(order).await
    }

    /// An intent that awaits payment; one that was listed in this run has been compared.
    async fn awaited(&mut self, order: &Order, known: &IntentFact) -> Result<(), StopReason> {
        if self.listed.contains_key(&known.id) {
            return Ok(());
        }
        match self.ask(&known.id).await? {
            Some(intent) => match facts_of(&intent) {
                Ok(facts) => {
                    for fact in facts {
                        self.compare(order.id, fact).await?;
                    }
                }
                Err(error) => self.unreadable(known.id.as_str(), Some(order.id), &error),
            },
            None => self.lacking(Kind::UnknownIntent, order, known, "no such intent".to_owned()),
        }
        Ok(())
    }

    /// A payment that the order counts on.
    async fn received(&mut self, order: &Order, known: &IntentFact) -> Result<(), StopReason> {
        if !self.listed.contains_key(&known.id) && self.ask(&known.id).await?.is_none() {
            self.lacking(Kind::MoneyMissing, order, known, "no such intent".to_owned());
            return Ok(());
        }
        match self.listed.get(&known.id) {
            Some((_, status)) if *status != IntentStatus::Succeeded => {
                self.lacking(Kind::MoneyMissing, order, known, said(status, known.amount));
            }
            _ => {}
        }
        Ok(())
    }

    fn lacking(&mut self, kind: Kind, order: &Order, known: &IntentFact, stripes: String) {
        let (object, ours) = (known.id.to_string(), said(known.status, known.amount));
        self.found(Difference { kind, order_id: Some(order.id), object, ours, stripes, outcome: Outcome::Left });
    }

    /// The dispute about this payment; it may be older than the window, and so may its events.
    async fn contested(&mut self, order: &Order, intent: &IntentId) -> Result<(), StopReason> {
        for dispute in self.stripe().list_disputes(intent, self.deadline).await? {
            match dispute_facts(&dispute) {
                Ok(facts) => {
                    for fact in facts {
                        self.compare(order.id, fact).await?;
                    }
                }
                Err(error) => self.unreadable(dispute.id.as_str(), Some(order.id), &error),
            }
        }
        Ok(())
    }

    /// What should have been done for the order long ago.
    async fn unsettled(&mut self, listed: &Order) -> Result<(), StopReason> {
        if !self.is_unsettled(listed) {
            return Ok(());
        }
        // The list may be outdated.
        let Some(order) = self.with.orders.find(listed.id).await? else { return Ok(()) };
        if order.updated_at > self.cursor.until || !self.is_unsettled(&order) {
            return Ok(());
        }
        let live: Vec<IntentId> = order.intents_to_void().cloned().collect();
        for intent in live {
            self.void(&order, &intent).await?;
        }
        if self.is_money_unsettled(&order) {
            self.ask_again(&order).await?;
        }
        Ok(())
    }

    fn is_unsettled(&self, order: &Order) -> bool {
        order.intents_to_void().next().is_some() || self.is_money_unsettled(order)
    }

    fn is_money_unsettled(&self, order: &Order) -> bool {
        order.refund_due() > 0 || order.open_refund_actions().any(|(_, action)| action.reserved_at <= self.cursor.until)
    }

    /// Has Stripe cancel an intent that is not to be paid any more, and applies its answer.
    async fn void(&mut self, order: &Order, intent: &IntentId) -> Result<(), StopReason> {
        let known = order.payment.facts.intent(intent).map(|fact| said(fact.status, fact.amount)).unwrap_or_default();
        let ours = format!("not to be paid, order {}", order.status);
        let (kind, object) = (Kind::LiveIntent, intent.to_string());
        let found = Difference { kind, order_id: Some(order.id), object, ours, stripes: known, outcome: Outcome::Left };
        let outcome = if self.with.rules.dry_run { Outcome::Left } else { self.cancel(order, intent).await? };
        self.found(Difference { outcome, ..found });
        Ok(())
    }

    async fn cancel(&self, order: &Order, intent: &IntentId) -> Result<Outcome, StopReason> {
        match self.stripe().void([intent], self.deadline).await {
            Ok(facts) => self.apply_facts(order.id, &facts).await,
            // This concerns the one intent: it cannot be cancelled in its status, does not exist, or cannot be parsed.
            Err(StripeError::Invalid { .. } | StripeError::Amount(_)) => Ok(Outcome::Left),
            Err(error) => Err(error.into()),
        }
    }

    /// Due refunds are `settle-payment`'s work: the order's event is published once more.
    async fn ask_again(&mut self, order: &Order) -> Result<(), StopReason> {
        let (due, open) = (order.refund_due(), order.open_refund_actions().map(|(_, action)| action.amount.amount));
        let ours = format!("{due} due and {} reserved to go back", open.sum::<i64>());
        let told = if self.with.rules.dry_run { None } else { self.last_word(order.id).await? };
        let outcome = match told {
            Some(event) => {
                self.with.orders.republish(&event, self.with.clock.now()).await?;
                Outcome::HandedOn
            }
            None => Outcome::Left,
        };
        let (kind, order_id, object, stripes) = (Kind::UnsettledMoney, Some(order.id), String::new(), String::new());
        self.found(Difference { kind, order_id, object, ours, stripes, outcome });
        Ok(())
    }

    /// The order's last event that makes `settle-payment` refund.
    async fn last_word(&self, id: OrderId) -> Result<Option<OrderEvent>, StopReason> {
        let mut request = PageRequest { limit: MAX_PAGE, after: None };
        let mut last = None;
        loop {
            let page = self.with.orders.events(id, &request).await?;
            last = page.items.into_iter().rfind(|event| SETTLED.contains(&event.event_type)).or(last);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(last),
            }
        }
    }
}
