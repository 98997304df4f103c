//! From Stripe to us: checks that each listed object is known to its order.

use domain::{IntentFact, IntentId, IntentStatus, OrderId, PaymentFact};
use resilience::{Clock, Ids, Transport};
use store::{Orders, ParkOutcome, Receipt, ReceiptSource};
use stripe::{
    AmountError, Event, Listed, OrderReference, Owner, PaymentIntent, UnreadableEvent, dispute_facts, facts,
    intent_facts, owner, refund_facts,
};

use crate::reconcile_payments::compare::{difference, said};
use crate::reconcile_payments::pass::{Run, StopReason};
use crate::reconcile_payments::{Difference, Kind, Outcome};

/// What Stripe says of the object is none of the words that this version knows. It is taken in with care, and reported.
#[derive(Debug, thiserror::Error)]
#[error("its status is not known to this version")]
struct UnknownWord;

impl<O: Orders, T: Transport, C: Clock, I: Ids> Run<'_, O, T, C, I> {
    pub(crate) async fn intents(&mut self) -> Result<bool, StopReason> {
        let after = self.cursor.after.as_deref().map(IntentId::from);
        let page = self.stripe().list_payment_intents(self.cursor.since, after.as_ref(), self.deadline).await?;
        let has_more = page.next().is_some();
        for listed in page.data {
            self.check_time()?;
            self.report.compared.intents += 1;
            // An intent of ours names its order; there is nowhere else to look.
            let owner = listed.object.as_ref().ok().and_then(PaymentIntent::order_id);
            if let Ok(intent) = &listed.object {
                self.listed.insert(intent.id.clone(), (owner, intent.status()));
            }
            self.element(&listed, facts_of).await?;
        }
        Ok(has_more)
    }

    pub(crate) async fn refunds(&mut self) -> Result<bool, StopReason> {
        let after = self.cursor.after.as_deref().map(Into::into);
        let page = self.stripe().list_refunds_since(self.cursor.since, after.as_ref(), self.deadline).await?;
        for listed in &page.data {
            self.check_time()?;
            self.report.compared.refunds += 1;
            self.element(listed, refund_facts).await?;
        }
        Ok(page.next().is_some())
    }

    pub(crate) async fn disputes(&mut self) -> Result<bool, StopReason> {
        let after = self.cursor.after.as_deref().map(Into::into);
        let page = self.stripe().list_disputes_since(self.cursor.since, after.as_ref(), self.deadline).await?;
        for listed in &page.data {
            self.check_time()?;
            self.report.compared.disputes += 1;
            self.element(listed, dispute_facts).await?;
        }
        Ok(page.next().is_some())
    }

    /// Changes in the window to older objects, which no list of the window has: debits that took weeks, refunds that
    /// failed, disputes that were decided.
    pub(crate) async fn events(&mut self) -> Result<bool, StopReason> {
        let after = self.cursor.after.clone();
        let page = self.stripe().list_events(self.cursor.since, after.as_deref(), self.deadline).await?;
        for listed in &page.data {
            self.check_time()?;
            match &listed.object {
                Ok(event) => self.event(event).await?,
                Err(error) => self.unreadable(&listed.id, None, error),
            }
            self.cursor.after = Some(listed.id.clone());
        }
        Ok(page.next().is_some())
    }

    /// Compares one element of a list: first whose it is, then what it says. One that this version cannot read is
    /// reported, and the list goes on.
    async fn element<L>(
        &mut self,
        listed: &Listed<L>,
        facts: impl Fn(&L) -> Result<Vec<PaymentFact>, AmountError>,
    ) -> Result<(), StopReason> {
        let owner = self.order_of(listed.order.as_ref()).await?;
        match (&listed.object, owner) {
            (Ok(object), owner) => self.object(&listed.id, listed.created, owner, || Ok(facts(object)?)).await?,
            (Err(error), Some(owner)) => self.unreadable(&listed.id, Some(owner), error),
            (Err(_), None) => self.report.compared.not_ours += 1,
        }
        self.cursor.after = Some(listed.id.clone());
        Ok(())
    }

    async fn event(&mut self, event: &Event) -> Result<(), StopReason> {
        let created = event.object["created"].as_i64().unwrap_or(0);
        if created >= self.cursor.since.seconds() || event.created > self.cursor.until {
            return Ok(());
        }
        self.report.compared.events += 1;
        let order = if let Owner::Ours(order) = owner(event) { Some(order) } else { None };
        let owner = self.order_of(order.as_ref()).await?;
        self.object(&event.id, created, owner, || facts(event)).await
    }

    /// The order that an object names, or its intent.
    async fn order_of(&mut self, order: Option<&OrderReference>) -> Result<Option<OrderId>, StopReason> {
        match order {
            Some(OrderReference::Order(order)) => Ok(Some(*order)),
            Some(OrderReference::Intent(intent)) => self.owner(intent).await,
            None => Ok(None),
        }
    }

    /// Compares one object of Stripe's, of any kind. Objects without an order of ours are not read at all.
    async fn object(
        &mut self,
        id: &str,
        created: i64,
        owner: Option<OrderId>,
        facts: impl FnOnce() -> Result<Vec<PaymentFact>, UnreadableEvent>,
    ) -> Result<(), StopReason> {
        let Some(owner) = owner else {
            self.report.compared.not_ours += 1;
            return Ok(());
        };
        if created > self.cursor.until.seconds() {
            return Ok(());
        }
        match facts() {
            Ok(facts) => {
                for fact in facts {
                    if fact.is_unknown() {
                        self.unreadable(id, Some(owner), &UnknownWord);
                    }
                    let compared = self.compare(owner, fact).await;
                    self.one_order(owner, id, compared)?;
                }
            }
            Err(error) => self.unreadable(id, Some(owner), &error),
        }
        Ok(())
    }

    /// Compares a fact with its order, and applies it if it is new.
    pub(crate) async fn compare(&mut self, id: OrderId, fact: PaymentFact) -> Result<(), StopReason> {
        let Some(order) = self.with.orders.find(id).await? else { return self.without_order(id, fact).await };
        if let Some(found) = difference(&order, &fact) {
            let outcome = self.apply_facts(id, &[fact]).await?;
            self.found(Difference { outcome, ..found });
        }
        Ok(())
    }

    /// A payment for an unknown order. Its facts are parked; staff must look at it, unless it was refunded in full.
    async fn without_order(&mut self, id: OrderId, fact: PaymentFact) -> Result<(), StopReason> {
        if matches!(&fact, PaymentFact::PaymentIntent(intent) if intent.status != IntentStatus::Succeeded) {
            return Ok(());
        }
        if !self.with.rules.dry_run && self.park(id, &fact).await? == ParkOutcome::OrderExists {
            self.apply_facts(id, &[fact]).await?;
            return Ok(());
        }
        if let PaymentFact::PaymentIntent(IntentFact { id: intent, received, status, .. }) = fact
            && !self.went_back(&intent, received.amount).await?
        {
            let (ours, stripes) = ("no such order".to_owned(), said(status, received));
            let object = intent.to_string();
            let kind = Kind::MoneyWithoutOrder;
            self.found(Difference { kind, order_id: Some(id), object, ours, stripes, outcome: Outcome::Left });
        }
        Ok(())
    }

    async fn park(&self, id: OrderId, fact: &PaymentFact) -> Result<ParkOutcome, StopReason> {
        let (now, facts) = (self.with.clock.now(), vec![fact.clone()]);
        let receipt = Receipt::from_facts(ReceiptSource::Reconciliation, id, facts, now, &self.correlation_id());
        Ok(self.with.orders.park(&receipt).await?)
    }

    async fn went_back(&self, intent: &IntentId, received: i64) -> Result<bool, StopReason> {
        let refunds = self.stripe().list_refunds(intent, self.deadline).await?;
        let facts = refunds.iter().filter_map(|refund| refund_facts(refund).ok()).flatten();
        let back = facts.map(|fact| match fact {
            PaymentFact::Refund(refund) if refund.status.counts() => refund.amount.amount,
            _ => 0,
        });
        Ok(back.fold(0, i64::saturating_add) >= received)
    }

    /// The order of an intent; `None` for an intent that is not ours.
    async fn owner(&mut self, id: &IntentId) -> Result<Option<OrderId>, StopReason> {
        if let Some((owner, _)) = self.listed.get(id) {
            return Ok(*owner);
        }
        let Some(intent) = self.ask(id).await? else { return Ok(None) };
        Ok(intent.order_id())
    }

    /// The current intent; `None` if Stripe does not know it.
    pub(crate) async fn ask(&mut self, id: &IntentId) -> Result<Option<PaymentIntent>, StopReason> {
        match self.stripe().retrieve_payment_intent(id, self.deadline).await {
            Ok(intent) => {
                self.listed.insert(id.clone(), (intent.order_id(), intent.status()));
                Ok(Some(intent))
            }
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn unreadable(&mut self, object: &str, order_id: Option<OrderId>, error: &dyn std::error::Error) {
        let (kind, object, stripes) = (Kind::Unreadable, object.to_owned(), telemetry::chain(error).to_string());
        self.found(Difference { kind, order_id, object, ours: String::new(), stripes, outcome: Outcome::Left });
    }
}

/// The facts of an intent. A final intent gives the same facts each time, so that it is parked once and not with each
/// pass.
pub(crate) fn facts_of(intent: &PaymentIntent) -> Result<Vec<PaymentFact>, AmountError> {
    let at_rest = |fact| match fact {
        PaymentFact::PaymentIntent(fact) if fact.status.is_final() => {
            PaymentFact::PaymentIntent(IntentFact { seen_at: intent.created, ..fact })
        }
        fact => fact,
    };
    Ok(intent_facts(intent)?.into_iter().map(at_rest).collect())
}
