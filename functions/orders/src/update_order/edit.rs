//! Edits an order, after cancelling an intent for its former total.

use std::time::Duration;

use api::ApiError;
use checkout::{Checkout, Quote, QuoteError, out_of_stock};
use domain::{
    Actor, Change, EditRefused, FieldError, Order, OrderEdit, OrderStatus, ReservationAttempt, ReservationLimits, Sku,
};
use futures::future::join;
use resilience::{Clock, Ids, Transport};
use store::{Catalogue, Orders, ReservationAttempts, StoreError};

use crate::others::Others;
use crate::update_order::request::OrderPatch;

/// How often the edit is decided again: after a concurrent write, and after an intent was cancelled for it.
const ROUNDS: u32 = 8;
/// The first pause after a conflict; it doubles each time, with full jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The edit of one order.
pub(crate) struct OrderEditor<'a, O, K, R, T, C, I> {
    pub checkout: Checkout<'a, O, T, C, I>,
    pub catalogue: &'a K,
    pub attempts: &'a R,
    pub patch: OrderPatch,
    /// What the customer's unpaid orders may hold; `None` for any number.
    pub limits: Option<ReservationLimits>,
    pub actor: Actor,
}

impl<O: Orders, K: Catalogue, R: ReservationAttempts, T: Transport, C: Clock, I: Ids>
    OrderEditor<'_, O, K, R, T, C, I>
{
    /// Carries the edit out, from the order as it was read.
    pub(crate) async fn run(&self, order: Order) -> Result<Order, ApiError> {
        // An order that cannot be edited at all needs no prices.
        self.decide(&order, None).map_err(|refused| refusal(&refused))?;
        let (quote, others) = join(self.quote(&order), self.others(&order)).await;
        let mut others = others?;
        let edited = match quote {
            Ok(quote) => self.carry_out(order, quote.as_ref(), &mut others).await,
            Err(error) => Err(error.into()),
        };
        if let (Err(ApiError::OutOfStock { .. } | ApiError::ReservationLimit(_)), Some(others)) = (&edited, &others) {
            others.withdraw(self.attempts).await;
        }
        edited
    }

    async fn carry_out(
        &self,
        mut order: Order,
        quote: Option<&Quote>,
        others: &mut Option<Others>,
    ) -> Result<Order, ApiError> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..ROUNDS {
            if let Some(sku) = quote.and_then(|quote| quote.lacking(&order)) {
                return Err(self.out_of_stock(sku).into());
            }
            if let Some(quote) = quote.filter(|_| order.status == OrderStatus::PendingPayment) {
                // Another edit may have taken out meanwhile what this one was to keep.
                if others.is_none() {
                    *others = self.others(&order).await?;
                }
                if let Some(others) = &others {
                    others.check_edit(&order, &quote.priced.lines)?;
                }
            }
            let change = match self.decide(&order, quote) {
                Ok(None) => return Ok(order),
                Ok(Some(change)) => change,
                Err(EditRefused::IntentLive) => {
                    order = self.checkout.void_intents(order).await?;
                    continue;
                }
                Err(refused) => return Err(refusal(&refused)),
            };
            match self.checkout.orders.save(&change, None).await {
                Ok(()) => return Ok(change.order),
                Err(StoreError::OutOfStock(sku)) => return Err(self.out_of_stock(&sku).into()),
                Err(StoreError::Conflict) => self.checkout.clock.sleep(self.checkout.ids.jitter(pause)).await,
                Err(error) => return Err(error.into()),
            }
            pause *= 2;
            order = self.checkout.orders.find(order.id).await?.ok_or(ApiError::NotFound("order"))?;
        }
        Err(StoreError::Conflict.into())
    }

    /// The new lines at current prices; `None` when the lines stay.
    async fn quote(&self, order: &Order) -> Result<Option<Quote>, QuoteError> {
        let Some(lines) = &self.patch.lines else { return Ok(None) };
        let choice = order.payment.method.choice();
        Quote::of(self.catalogue, lines, order.total.currency, choice).await.map(Some)
    }

    /// The customer's other orders, where the edit reserves more.
    async fn others(&self, order: &Order) -> Result<Option<Others>, StoreError> {
        let Some(lines) = self.patch.lines.as_ref().filter(|lines| !order.holds(lines)) else { return Ok(None) };
        let (attempt, now) = (ReservationAttempt::to_edit(order.id, lines), self.checkout.clock.now());
        Others::see(self.checkout.orders, self.attempts, order.customer, &attempt, self.limits, now).await
    }

    fn decide(&self, order: &Order, quote: Option<&Quote>) -> Result<Option<Change>, EditRefused> {
        let lines = quote.map(|Quote { priced, .. }| (priced.lines.clone(), priced.total));
        let edit = OrderEdit { lines, contact: self.patch.contact(order) };
        let change = order.edit(edit, self.checkout.correlation_id, self.checkout.clock.now())?;
        Ok(change.map(|change| change.by(self.actor)))
    }

    fn out_of_stock(&self, sku: &Sku) -> QuoteError {
        out_of_stock(self.patch.lines.iter().flatten().map(|line| &line.sku), sku)
    }
}

fn refusal(refused: &EditRefused) -> ApiError {
    match refused {
        EditRefused::TooLate(status) => ApiError::TooLateToEdit(*status),
        EditRefused::TooManyProducts => FieldError::new("lines", format!("{refused}: edit in two steps")).into(),
        EditRefused::TooManyAttempts => ApiError::NoAttemptLeft,
        // Only new lines lead here, and then the intent is cancelled.
        EditRefused::IntentLive => StoreError::Conflict.into(),
    }
}
