//! A run of a pass: list by list, object by object, until the pass is complete or time is up.

use std::collections::BTreeMap;

use domain::{IntentId, IntentStatus, OrderId, PaymentFact};
use resilience::{Clock, Deadline, Ids, Transport};
use store::{Orders, Receipt, ReceiptSource, StoreError, UpdateError, update};
use stripe::{Stripe, StripeError};

use crate::reconcile_payments::cursor::Phase;
use crate::reconcile_payments::{Difference, Kind, Outcome, PassCursor, Reconciler, Report};

/// The most pages that a run of the function reads; a page of Stripe's has 100 objects.
const MOST_PAGES: u32 = 500;

/// The bounds of a run.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Nothing begins after this.
    pub deadline: Deadline,
    /// The most pages to read.
    pub pages: u32,
}

impl Bounds {
    pub(crate) const fn of_run(deadline: Deadline) -> Self {
        Self { deadline, pages: MOST_PAGES }
    }
}

/// Why a run ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StopReason {
    /// Stripe is unavailable, or limits the rate.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The table does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Time is up: the rest is for the next run.
    #[error("time is up")]
    TimeIsUp,
}

/// A run and its findings so far.
pub(crate) struct Run<'a, O, T, C, I> {
    pub with: &'a Reconciler<'a, O, T, C, I>,
    pub deadline: Deadline,
    pub cursor: PassCursor,
    pub report: Report,
    /// The intents that Stripe listed in this run, with their orders and states.
    pub listed: BTreeMap<IntentId, (Option<OrderId>, IntentStatus)>,
}

impl<O: Orders, T: Transport, C: Clock, I: Ids> Reconciler<'_, O, T, C, I> {
    /// Continues from a cursor. Returns the next cursor, `None` when the pass is complete, and the findings.
    pub async fn run(&self, cursor: PassCursor, bounds: Bounds) -> (Option<PassCursor>, Report) {
        let (report, listed) = (Report::default(), BTreeMap::new());
        let mut run = Run { with: self, deadline: bounds.deadline, cursor, report, listed };
        for _ in 0..bounds.pages {
            match run.page().await {
                Ok(true) => {}
                Ok(false) => {
                    let Some(next) = run.cursor.clone().next_phase() else {
                        run.report.finished = true;
                        return (None, run.report);
                    };
                    run.cursor = next;
                }
                Err(StopReason::TimeIsUp) => break,
                // The cursor's object is gone, though Stripe deletes none: reading the list again is better than never
                // finishing it.
                Err(StopReason::Stripe(error)) if error.is_missing() && run.cursor.after.is_some() => {
                    run.cursor.after = None;
                }
                Err(stopped) => {
                    run.report.stopped = Some(telemetry::chain(&stopped).to_string());
                    break;
                }
            }
        }
        (Some(run.cursor), run.report)
    }
}

impl<'a, O: Orders, T: Transport, C: Clock, I: Ids> Run<'a, O, T, C, I> {
    /// Compares the next page of the list. Returns whether there is another one.
    async fn page(&mut self) -> Result<bool, StopReason> {
        self.check_time()?;
        match self.cursor.phase {
            Phase::Intents => self.intents().await,
            Phase::Refunds => self.refunds().await,
            Phase::Disputes => self.disputes().await,
            Phase::Events => self.events().await,
            Phase::Orders(status) => self.orders(status).await,
        }
    }

    /// Called before each object; the next run continues with it.
    pub(crate) fn check_time(&self) -> Result<(), StopReason> {
        let is_over = self.deadline.left(self.with.clock).is_zero();
        if is_over { Err(StopReason::TimeIsUp) } else { Ok(()) }
    }

    pub(crate) const fn stripe(&self) -> &'a Stripe<T, C, I> {
        self.with.stripe
    }

    /// Applies Stripe's facts to the order, except in a dry run.
    pub(crate) async fn apply_facts(&self, id: OrderId, facts: &[PaymentFact]) -> Result<Outcome, StopReason> {
        if self.with.rules.dry_run {
            return Ok(Outcome::Left);
        }
        let Reconciler { orders, clock, ids, .. } = self.with;
        let now = clock.now();
        let receipt =
            Receipt::from_facts(ReceiptSource::Reconciliation, id, facts.to_vec(), now, &self.correlation_id());
        // The effects of a payment carry the correlation id of the request that placed the order.
        let apply = |order: &domain::Order| {
            Ok::<_, std::convert::Infallible>(order.apply_facts(facts.to_vec(), &order.correlation_id, now))
        };
        match update(*orders, *clock, *ids, id, Some(&receipt), apply).await {
            Ok(_) => Ok(Outcome::Healed),
            // Concurrent writes kept coming first; the next pass compares again.
            Err(UpdateError::Store(StoreError::Conflict) | UpdateError::NotFound) => Ok(Outcome::Left),
            Err(UpdateError::Store(error)) => Err(error.into()),
            Err(UpdateError::Refused(never)) => match never {},
        }
    }

    /// What came of the work on one order. One that cannot be read or written is reported, and the pass goes on.
    pub(crate) fn one_order(
        &mut self,
        order: OrderId,
        object: &str,
        worked: Result<(), StopReason>,
    ) -> Result<(), StopReason> {
        match worked {
            Err(StopReason::Store(error)) if error.is_about_one() => {
                let (kind, object, ours) = (Kind::UnusableOrder, object.to_owned(), error.to_string());
                let (order_id, stripes, outcome) = (Some(order), String::new(), Outcome::Left);
                self.found(Difference { kind, order_id, object, ours, stripes, outcome });
                Ok(())
            }
            worked => worked,
        }
    }

    /// The pass's correlation id, in receipts and what follows from them.
    pub(crate) fn correlation_id(&self) -> String {
        format!("reconciliation-{}", self.cursor.until.seconds())
    }

    pub(crate) fn found(&mut self, difference: Difference) {
        self.report.differences.push(difference);
    }
}
