//! Refunds and voids that are carried out carelessly, or forgotten.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use checkout::Reversals;
use domain::{Change, Due, IntentId, Order, OrderEvent, OrderId, PaymentFact, RefundAction, RefundActionState};
use resilience::{Clock as _, Deadline};
use serde_json::json;
use store::{MAX_PAGE, Orders as _, PageRequest, Receipt, ReceiptSource, StoreError, UpdateError, update};
use stripe::{NewRefund, StripeError, refund_facts};
use suite::CallError;

use super::consumers::{Trouble, consumer};
use super::profiles::{deaf, lossy, unwell};
use super::{SeededBug, with_handler};
use crate::injector::FaultProfile;
use crate::people::{CANCEL_OLD, CANCEL_PAID, DASHBOARD_FIRST, STUCK_VOID};
use crate::world::{Handler, SimulatedSuite};

/// All of them.
pub const BUGS: [SeededBug; 6] = [
    SeededBug::new("nothing is voided", "money goes back, and intents of cancelled orders stay as they are", || {
        consumer("settle-payment", |suite, event, deadline| Box::pin(settle(suite, event, deadline, Fault::NoVoids)))
    })
    .without_healers(),
    SeededBug::new("a stuck void ends it", "an intent that cannot be voided ends the work before any refund", || {
        consumer("settle-payment", |suite, event, deadline| Box::pin(settle(suite, event, deadline, Fault::VoidsFirst)))
    })
    .with_profile(|_| FaultProfile::without_faults())
    .in_scenario(&STUCK_VOID, 2),
    SeededBug::new("a spent key given up at once", "a refund is given up when Stripe has failed once", || {
        consumer("settle-payment", |suite, event, deadline| Box::pin(settle(suite, event, deadline, Fault::SpentKey)))
    })
    .with_profile(unwell)
    .in_scenario(&CANCEL_PAID, 20),
    SeededBug::new("a lost answer taken for a no", "a refund without an answer is given up", || {
        consumer("settle-payment", |suite, event, deadline| Box::pin(settle(suite, event, deadline, Fault::LostAnswer)))
    })
    .with_profile(lossy)
    .in_scenario(&CANCEL_PAID, 20),
    SeededBug::new("a refusal believed unseen", "a refused refund is closed without a look at what exists", || {
        consumer("settle-payment", |suite, event, deadline| Box::pin(settle(suite, event, deadline, Fault::Refusal)))
    })
    .with_profile(deaf)
    .in_scenario(&DASHBOARD_FIRST, 4),
    SeededBug::new(
        "orders of a week looked after",
        "what no message settled is looked for among the orders of the last week",
        || {
            let recent: Handler = Rc::new(|suite, _, deadline| {
                Box::pin(async move {
                    Box::pin(settle_recent(suite, deadline)).await.map_err(|error| CallError::Start(error.into()))?;
                    Ok(json!({}))
                })
            });
            with_handler("reconcile-payments", recent).without("settle-payment")
        },
    )
    .in_scenario(&CANCEL_OLD, 2),
];

/// What the careless function does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoVoids,
    VoidsFirst,
    SpentKey,
    LostAnswer,
    Refusal,
}

/// The function's work on one event.
struct Work<'a> {
    suite: &'a SimulatedSuite,
    event: OrderEvent,
    deadline: Deadline,
    fault: Fault,
}

async fn settle(suite: &SimulatedSuite, event: OrderEvent, deadline: Deadline, fault: Fault) -> Result<(), Trouble> {
    Work { suite, event, deadline, fault }.settle().await
}

impl Work<'_> {
    async fn settle(&self) -> Result<(), Trouble> {
        let (id, began) = (self.event.order_id, self.suite.clock().now());
        let order = self.suite.gated_store().find(id).await?.ok_or(Trouble::NoOrder)?;
        let voidable: Vec<IntentId> = order.intents_to_void().cloned().collect();
        if self.fault != Fault::NoVoids {
            let facts = self.suite.stripe().await?.void(&voidable, self.deadline).await?;
            self.apply(id, facts).await?;
        }
        match self.change(id, None, |order| order.reinstate(&self.event.correlation_id, began)).await {
            Ok(_) | Err(Trouble::Store(StoreError::OutOfStock(_))) => {}
            Err(error) => return Err(error),
        }
        let order = self.change(id, None, |order| order.reserve_due_refunds(&self.event.correlation_id, began)).await?;
        let open: Vec<(String, RefundAction)> =
            order.open_refund_actions().map(|(action, refund)| (action.clone(), refund.clone())).collect();
        for (action, refund) in open {
            self.carry_out(id, &action, &refund).await?;
        }
        Ok(())
    }

    async fn carry_out(&self, id: OrderId, action: &str, refund: &RefundAction) -> Result<(), Trouble> {
        let (intent, amount, reason) = (&refund.intent, refund.amount, refund.reason);
        let new = NewRefund { action, order_id: id, intent, amount, reason };
        match self.suite.stripe().await?.create_refund(&new, self.deadline).await {
            Ok(made) => self.apply(id, refund_facts(&made).map_err(StripeError::from)?).await,
            Err(error) if error.is_refusal() && self.fault == Fault::Refusal => {
                let (at, code) = (self.suite.clock().now(), error.code());
                let refuse = |order: &Order| order.refuse_refund(action, code, &self.event.correlation_id, at);
                self.change(id, None, refuse).await.map(drop)
            }
            Err(StripeError::KeySpent) if self.fault == Fault::SpentKey => self.give_up(id, action).await,
            Err(_) if self.fault == Fault::LostAnswer => self.give_up(id, action).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn give_up(&self, id: OrderId, action: &str) -> Result<(), Trouble> {
        let (state, at) = (RefundActionState::Abandoned, self.suite.clock().now());
        let close = |order: &Order| order.close_refund(action, state, &self.event.correlation_id, at);
        self.change(id, None, close).await.map(drop)
    }

    async fn apply(&self, id: OrderId, facts: Vec<PaymentFact>) -> Result<(), Trouble> {
        let (now, said_by) = (self.suite.clock().now(), self.event.correlation_id.as_str());
        let receipt = Receipt::from_facts(ReceiptSource::Settlement, id, facts.clone(), now, said_by);
        let apply = |order: &Order| order.apply_facts(facts.clone(), said_by, now);
        self.change(id, Some(&receipt), apply).await.map(drop)
    }

    async fn change(
        &self,
        id: OrderId,
        receipt: Option<&Receipt>,
        decide: impl Fn(&Order) -> Option<Change>,
    ) -> Result<Order, Trouble> {
        let (store, decide) = (self.suite.gated_store(), |order: &Order| Ok::<_, Infallible>(decide(order)));
        match update(&store, self.suite.clock(), self.suite.ids(), id, receipt, decide).await {
            Err(UpdateError::NotFound) => Err(Trouble::NoOrder),
            Err(UpdateError::Store(error)) => Err(error.into()),
            Err(UpdateError::Refused(never)) => match never {},
            Ok(order) => Ok(order),
        }
    }
}

/// How far back the forgetful job looks.
const WEEK: Duration = Duration::from_hours(7 * 24);

async fn settle_recent(suite: &SimulatedSuite, deadline: Deadline) -> Result<(), StoreError> {
    let (store, clock, ids) = (suite.gated_store(), suite.clock(), suite.ids());
    let stripe = &suite.stripe().await.map_err(|error| StoreError::Unavailable(error.into()))?;
    let (began, page) = (clock.now(), PageRequest { limit: MAX_PAGE, after: None });
    let due = store.due(Due::Settlement, began, &page).await?.items;
    for order in due.into_iter().filter(|order| order.placed_at > began.minus(WEEK)) {
        let orders = &store;
        let reversals = Reversals { orders, stripe, clock, ids, deadline, correlation_id: "reconciliation", began };
        // What fails is looked for again an hour later.
        let _ = Box::pin(reversals.settle(order.id)).await;
    }
    Ok(())
}
