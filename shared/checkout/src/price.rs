//! What is ordered, at current prices.

use domain::{
    CartLine, Currency, FieldError, Money, Order, PaymentChoice, PricedLines, PricingError, Product, Reservation, Sku,
    price_lines,
};
use store::Catalogue;
use stripe::{AmountError, check_chargeable};

use crate::QuoteError;

/// Lines with names and prices, and the products that these are of.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The lines, and what they cost.
    pub priced: PricedLines,
    products: Vec<Product>,
}

impl Quote {
    /// Prices the lines by the catalogue, for an order that is to be paid so.
    ///
    /// # Errors
    ///
    /// A product is not for sale, not in this currency, or the total cannot be charged; the table is down.
    pub async fn of(
        catalogue: &impl Catalogue,
        lines: &[CartLine],
        currency: Currency,
        choice: PaymentChoice,
    ) -> Result<Self, QuoteError> {
        let skus: Vec<Sku> = lines.iter().map(|line| line.sku.clone()).collect();
        let products = catalogue.products(&skus).await?;
        let priced = price_lines(lines, currency, &products).map_err(|error| pricing_fault(&error))?;
        check_payable(priced.total, choice)?;
        Ok(Self { priced, products })
    }

    /// The first product of which there is not enough for `order` to have these lines, as far as can be seen: only the
    /// write itself knows. What the order holds already counts as there.
    pub fn lacking(&self, order: &Order) -> Option<&Sku> {
        let held = |sku: &Sku| {
            let line = order.lines.iter().find(|line| line.sku == *sku && order.reservation != Reservation::Released);
            line.map_or(0, |line| line.quantity)
        };
        self.short_of(held)
    }

    /// The quote, if there is enough of everything for a new order, as far as can be seen.
    ///
    /// # Errors
    ///
    /// [`QuoteError::OutOfStock`].
    pub fn in_stock(self) -> Result<Self, QuoteError> {
        let missing = self.short_of(|_| 0).map(|sku| out_of_stock(self.priced.lines.iter().map(|line| &line.sku), sku));
        missing.map_or(Ok(self), Err)
    }

    fn short_of(&self, held: impl Fn(&Sku) -> u32) -> Option<&Sku> {
        let on_stock = |sku: &Sku| self.products.iter().find(|product| product.sku == *sku).map_or(0, |it| it.stock);
        let lacks = |sku: &Sku, quantity: u32| quantity.saturating_sub(held(sku)) > on_stock(sku);
        self.priced.lines.iter().find(|line| lacks(&line.sku, line.quantity)).map(|line| &line.sku)
    }
}

/// There are not enough pieces of a product that these lines ask for.
pub fn out_of_stock<'a>(lines: impl IntoIterator<Item = &'a Sku>, missing: &Sku) -> QuoteError {
    let line = lines.into_iter().position(|sku| sku == missing).unwrap_or_default();
    QuoteError::OutOfStock { sku: missing.clone(), field: format!("lines[{line}].quantity") }
}

/// Whether this amount can be paid with this method. A bank transfer can have any amount.
fn check_payable(total: Money, choice: PaymentChoice) -> Result<(), FieldError> {
    match choice {
        PaymentChoice::Stripe => check_chargeable(total).map_err(|error| amount_fault(total, &error)),
        PaymentChoice::Invoice => Ok(()),
    }
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
