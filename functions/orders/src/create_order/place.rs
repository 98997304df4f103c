//! Places an order once, however often it is requested.

use api::ApiError;
use checkout::{Quote, out_of_stock};
use domain::{Actor, Cart, CustomerId, Order, OrderId, PaymentTerms, PricedCart, Timestamp};
use store::{Catalogue, Orders, PlaceOutcome};

/// A request to place an order.
pub(crate) struct Placement<'a> {
    pub id: OrderId,
    pub customer: CustomerId,
    pub actor: Actor,
    pub cart: Cart,
    pub terms: PaymentTerms,
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
    placement: Placement<'_>,
) -> Result<PlacedOrder, ApiError> {
    let Placement { id, customer, actor, cart, terms, correlation_id, now } = placement;
    // One look tells whether something is sold out: nobody fights for it by transactions that the table refuses.
    let quote = Quote::of(catalogue, &cart.lines, cart.currency, cart.payment_method).await;
    let order = match quote.and_then(Quote::in_stock) {
        Ok(Quote { priced, .. }) => {
            let (method, held_until) = terms.agreed(cart.payment_method, now);
            let priced = PricedCart { cart: cart.clone(), lines: priced.lines, total: priced.total };
            let placement = Order::place(id, customer, priced, method, held_until, correlation_id, now).by(actor);
            match orders.place(&placement).await? {
                PlaceOutcome::New(order) => return Ok(PlacedOrder { order, is_repeat: false }),
                PlaceOutcome::Existing(order) => order,
                PlaceOutcome::OutOfStock(sku) => {
                    return Err(out_of_stock(cart.lines.iter().map(|line| &line.sku), &sku).into());
                }
            }
        }
        // The catalogue may have changed since; an order keeps its prices and its goods.
        Err(error) => orders.find(id).await?.ok_or(error)?,
    };
    if order.is_for(&cart) { Ok(PlacedOrder { order, is_repeat: true }) } else { Err(ApiError::IdempotencyKeyReused) }
}
