//! Places an order once, however often it is requested.

use api::ApiError;
use checkout::{Quote, out_of_stock};
use domain::{
    Actor, Cart, CustomerId, Order, OrderId, PaymentTerms, PricedCart, ReservationAttempt, ReservationLimits, Timestamp,
};
use futures::future::join;
use store::{Catalogue, Orders, PlaceOutcome, ReservationAttempts};

use crate::others::Others;

/// A request to place an order.
pub(crate) struct Placement<'a> {
    pub id: OrderId,
    pub customer: CustomerId,
    pub actor: Actor,
    pub cart: Cart,
    pub terms: PaymentTerms,
    /// What the customer's unpaid orders may hold; `None` for any number.
    pub limits: Option<ReservationLimits>,
    pub correlation_id: &'a str,
    pub now: Timestamp,
}

/// An order that is stored.
pub(crate) struct PlacedOrder {
    pub order: Order,
    /// It was placed before.
    pub is_repeat: bool,
}

/// Prices the cart and stores the order, or finds the one that an earlier request stored.
pub(crate) async fn place(
    orders: &impl Orders,
    catalogue: &impl Catalogue,
    attempts: &impl ReservationAttempts,
    placement: Placement<'_>,
) -> Result<PlacedOrder, ApiError> {
    let Placement { id, customer, actor, cart, terms, limits, correlation_id, now } = placement;
    // One look tells whether something is sold out: nobody fights for it by transactions that the table refuses.
    // All looks at once: one costs the customer no more time than the other.
    let quote = Quote::of(catalogue, &cart.lines, cart.currency, cart.payment_method);
    let attempt = ReservationAttempt::to_place(id, &cart.lines);
    let (quote, others) = join(quote, Others::see(orders, attempts, customer, &attempt, limits, now)).await;
    let others = others?;
    let quote = quote.and_then(Quote::in_stock).map_err(ApiError::from);
    let allowed = quote.and_then(|quote| {
        let checked = others.as_ref().map_or(Ok(()), |others| others.check_new(&quote.priced.lines));
        checked.map(|()| quote).map_err(ApiError::from)
    });
    let found = match allowed {
        Ok(Quote { priced, .. }) => {
            let (method, held_until) = terms.agreed(cart.payment_method, now);
            let priced = PricedCart { cart: cart.clone(), lines: priced.lines, total: priced.total };
            let placement = Order::place(id, customer, priced, method, held_until, correlation_id, now).by(actor);
            match orders.place(&placement).await? {
                PlaceOutcome::New(order) => return Ok(PlacedOrder { order, is_repeat: false }),
                PlaceOutcome::Existing(order) => Ok(order),
                PlaceOutcome::OutOfStock(sku) => {
                    Err(out_of_stock(cart.lines.iter().map(|line| &line.sku), &sku).into())
                }
            }
        }
        // The catalogue may have changed since; an order keeps its prices and its goods.
        Err(error) => orders.find(id).await?.ok_or(error),
    };
    match found {
        Ok(order) if order.is_for(&cart) => Ok(PlacedOrder { order, is_repeat: true }),
        refused => {
            if let Some(others) = &others {
                others.withdraw(attempts).await;
            }
            Err(refused.err().unwrap_or(ApiError::IdempotencyKeyReused))
        }
    }
}
