//! The records of orders and their money, in the running stack's tables and at Stripe.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use domain::{KnownFacts, LedgerEntry, Order, OrderEvent, OrderHistory, OrderId, OrderStatus, RecordedFacts};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use resilience::{Deadline, HttpTransport, RandomIds, SystemClock};
use store::{DynamoCatalogue, DynamoOrders, MAX_PAGE, Orders as _, Page, PageRequest, Receipt, StoreError};
use stripe::{dispute_facts, intent_facts, refund_facts};

use crate::stack::Stack;

pub mod ledger;
pub mod replay;
pub mod state;
mod stripe_facts;

/// How many orders are read at once.
const AT_ONCE: usize = 8;
/// An order that changes while it is read is read again so often.
const READS: usize = 5;
/// How long Stripe may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stripe, as this command asks it.
pub type Stripe = stripe::Stripe<HttpTransport, SystemClock, RandomIds>;

/// Why the records cannot be read, or what is wrong with them.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// No stack to ask.
    #[error("no stack is up; `cargo cis up` starts one")]
    NoStack,
    /// The stack's file, or the output.
    #[error("cannot read the stack's addresses, or print")]
    Files(#[from] io::Error),
    /// The AWS SDK.
    #[error(transparent)]
    Aws(#[from] aws::ConfigError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] resilience::HttpClientError),
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stripe.
    #[error(transparent)]
    Stripe(#[from] stripe::StripeError),
    /// An amount of Stripe's.
    #[error(transparent)]
    Amount(#[from] stripe::AmountError),
    /// An answer that cannot be shown.
    #[error("cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// There is no such order.
    #[error("there is no order {0}")]
    NoOrder(OrderId),
    /// It was not there then.
    #[error("there was no order {0} then, or it has not reached this version")]
    NotThen(OrderId),
    /// It never stood still.
    #[error("{0} keeps changing; try again")]
    Busy(OrderId),
    /// What should be the same is not.
    #[error("{0} differ")]
    Differ(usize),
}

/// The stack's orders and its Stripe.
#[derive(Debug)]
pub struct Records {
    orders: DynamoOrders,
    catalogue: DynamoCatalogue,
    stripe: Stripe,
}

/// An order with all that is stored beside it, at one of its versions.
#[derive(Clone, Debug)]
pub struct StoredOrder {
    /// The order.
    pub order: Order,
    /// Its receipts.
    pub receipts: Vec<Receipt>,
    /// The same for the domain.
    recorded: Vec<RecordedFacts>,
    /// What happened to it, oldest first.
    pub events: Vec<OrderEvent>,
    /// Where its money went, oldest first.
    pub ledger: Vec<LedgerEntry>,
}

impl StoredOrder {
    /// As the domain looks at it.
    pub fn history(&self) -> OrderHistory<'_> {
        OrderHistory { order: &self.order, recorded: &self.recorded, events: &self.events, ledger: &self.ledger }
    }
}

impl Records {
    /// The records of the running stack.
    ///
    /// # Errors
    ///
    /// No stack is up, or a client cannot be configured.
    pub fn open() -> Result<Self, RecordsError> {
        Self::of(&Stack::load()?.ok_or(RecordsError::NoStack)?)
    }

    /// The records of a stack.
    ///
    /// # Errors
    ///
    /// A client cannot be configured.
    pub fn of(stack: &Stack) -> Result<Self, RecordsError> {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws::Config::new(stack.aws())?.sdk());
        let key = sandbox::Settings::default().stripe.secret_key;
        Ok(Self {
            orders: DynamoOrders::new(&dynamodb, &stack.tables.orders, &stack.tables.catalogue),
            catalogue: DynamoCatalogue::new(&dynamodb, &stack.tables.catalogue),
            stripe: Stripe::new(HttpTransport::new(PATIENCE)?, SystemClock, RandomIds, &stack.sandbox_url, key),
        })
    }

    /// The orders' repository.
    pub const fn orders(&self) -> &DynamoOrders {
        &self.orders
    }

    /// The way to Stripe.
    pub const fn stripe(&self) -> &Stripe {
        &self.stripe
    }

    /// The products' repository.
    pub const fn catalogue(&self) -> &DynamoCatalogue {
        &self.catalogue
    }

    /// Every order's id, status by status, page by page. One that changes its status meanwhile may be passed over.
    ///
    /// # Errors
    ///
    /// The table does not answer.
    pub async fn ids(&self) -> Result<BTreeSet<OrderId>, RecordsError> {
        let mut ids = BTreeSet::new();
        for status in OrderStatus::ALL {
            let mut page = PageRequest { limit: MAX_PAGE, after: None };
            loop {
                let Page { items, next } = self.orders.with_status(status, &page).await?;
                ids.extend(items.iter().map(|order| order.id));
                match next {
                    Some(next) => page.after = Some(next),
                    None => break,
                }
            }
        }
        Ok(ids)
    }

    /// Every order with all that is stored beside it.
    ///
    /// # Errors
    ///
    /// The table does not answer.
    pub async fn all(&self) -> Result<Vec<StoredOrder>, RecordsError> {
        let ids = self.ids().await?;
        self.each(ids).try_collect().await
    }

    /// These orders with all that is stored beside them, some of them at once, in this order.
    pub fn each(
        &self,
        ids: impl IntoIterator<Item = OrderId>,
    ) -> impl stream::Stream<Item = Result<StoredOrder, RecordsError>> {
        let reads: Vec<_> = ids.into_iter().map(|id| self.read(id)).collect();
        stream::iter(reads).buffered(AT_ONCE)
    }

    /// One order with all that is stored beside it: read until nothing changed meanwhile.
    ///
    /// # Errors
    ///
    /// There is no such order, or the table does not answer.
    pub async fn read(&self, id: OrderId) -> Result<StoredOrder, RecordsError> {
        for _ in 0..READS {
            let order = self.orders.find(id).await?.ok_or(RecordsError::NoOrder(id))?;
            let (receipts, events) = (self.orders.receipts(id).await?, self.events(id).await?);
            let ledger = self.orders.ledger(id).await?;
            if self.orders.find(id).await?.is_some_and(|now| now.version == order.version) {
                let recorded = receipts.iter().map(RecordedFacts::from).collect();
                return Ok(StoredOrder { order, receipts, recorded, events, ledger });
            }
        }
        Err(RecordsError::Busy(id))
    }

    async fn events(&self, id: OrderId) -> Result<Vec<OrderEvent>, RecordsError> {
        let mut page = PageRequest { limit: MAX_PAGE, after: None };
        let mut events = vec![];
        loop {
            let Page { items, next } = self.orders.events(id, &page).await?;
            events.extend(items);
            match next {
                Some(next) => page.after = Some(next),
                None => return Ok(events),
            }
        }
    }

    /// What Stripe says now of the intents that an order knows, with their refunds and disputes.
    ///
    /// # Errors
    ///
    /// Stripe does not answer, or speaks of amounts that are none.
    pub async fn at_stripe(&self, order: &Order) -> Result<KnownFacts, RecordsError> {
        let known = order.payment.facts.intents().map(|intent| &intent.id);
        let ids: BTreeSet<_> = known.chain(&order.payment.intent).collect();
        let mut facts = KnownFacts::default();
        for id in ids {
            let deadline = Deadline::after(&SystemClock, PATIENCE);
            facts.extend(intent_facts(&self.stripe.retrieve_payment_intent(id, deadline).await?)?);
            for refund in self.stripe.list_refunds(id, deadline).await? {
                facts.extend(refund_facts(&refund)?);
            }
            for dispute in self.stripe.list_disputes(id, deadline).await? {
                facts.extend(dispute_facts(&dispute)?);
            }
        }
        Ok(facts)
    }
}
