//! Placing the order once, however often it is asked for.

use api::ApiError;
use domain::{
    Cart, CustomerId, FieldError, Money, Order, OrderId, PaymentMethod, PricedCart, PricingError, Reservation, Sku,
    Timestamp,
};
use payments::{AmountError, check_chargeable};
use store::{Catalogue, Orders, Placed};

/// What is to be placed.
pub(crate) struct Placement<'a> {
    pub id: OrderId,
    pub customer: CustomerId,
    pub cart: Cart,
    pub correlation_id: &'a str,
    pub now: Timestamp,
}

/// An order that is stored.
pub(crate) struct PlacedOrder {
    pub order: Order,
    /// It was there already.
    pub is_repeat: bool,
}

/// Prices the cart and stores the order, or finds the one that an earlier request stored.
pub(crate) async fn place(
    orders: &impl Orders,
    catalogue: &impl Catalogue,
    placement: Placement<'_>,
) -> Result<PlacedOrder, ApiError> {
    let Placement { id, customer, cart, correlation_id, now } = placement;
    let order = match price(catalogue, cart.clone()).await {
        Ok(priced) => {
            let (method, held_until) = (PaymentMethod::Stripe, Some(now.plus(Reservation::LIFETIME)));
            let placement = Order::place(id, customer, priced, method, held_until, correlation_id, now);
            match orders.place(&placement).await? {
                Placed::New(order) => return Ok(PlacedOrder { order, is_repeat: false }),
                Placed::Existing(order) => order,
                Placed::OutOfStock(sku) => return Err(out_of_stock(&cart, &sku)),
            }
        }
        // The catalogue may have changed since; an order stays as it was placed.
        Err(error) => orders.find(id).await?.ok_or(error)?,
    };
    if order.is_for(&cart) { Ok(PlacedOrder { order, is_repeat: true }) } else { Err(ApiError::IdempotencyKeyReused) }
}

/// What the cart costs by the catalogue, if Stripe would charge that at all.
async fn price(catalogue: &impl Catalogue, cart: Cart) -> Result<PricedCart, ApiError> {
    let skus: Vec<Sku> = cart.lines.iter().map(|line| line.sku.clone()).collect();
    let products = catalogue.products(&skus).await?;
    let priced = cart.price(&products).map_err(|error| pricing_fault(&error))?;
    check_chargeable(priced.total).map_err(|error| amount_fault(priced.total, &error))?;
    Ok(priced)
}

fn pricing_fault(error: &PricingError) -> FieldError {
    let field = match error {
        PricingError::UnknownSku { line, .. } => format!("lines[{line}].sku"),
        PricingError::NotSoldIn { .. } => "currency".to_owned(),
        PricingError::TooLarge(_) => "lines".to_owned(),
    };
    FieldError::new(field, error.to_string())
}

fn amount_fault(total: Money, error: &AmountError) -> FieldError {
    let field = if matches!(error, AmountError::Unsupported(_)) { "currency" } else { "lines" };
    FieldError::new(field, format!("an order of {total} cannot be charged: {error}"))
}

fn out_of_stock(cart: &Cart, sku: &Sku) -> ApiError {
    let line = cart.lines.iter().position(|line| line.sku == *sku).unwrap_or_default();
    ApiError::OutOfStock { sku: sku.to_string(), field: format!("lines[{line}].quantity") }
}
