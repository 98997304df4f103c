//! Refunds in parts: pieces of lines, shipping, goodwill.
//!
//! A piece is worth what was paid for it: its price less its share of the discount, with its share of the tax. Shares are
//! cumulative: those of the first two pieces, less what was refunded for the first. So pieces may go back in any order
//! and number, and all of a line is what was paid for the line.
//!
//! Goodwill lowers the price of the whole order (Directive 2006/112/EC, article 90), so that it takes from each rate of
//! tax in proportion to what is left there, with the tax in it. Whatever goes back afterwards is at most what is left at
//! its rate: the last pieces get less, and no rate gives back more than was paid at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::apportion::{rounded_share, split_in_steps};
use super::{Breakdown, LineBreakdown, RateBreakdown, ShippingPart, TaxBehavior, TaxRate};
use crate::{CartLine, Sku};

/// What a refund is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundParts {
    /// Pieces of lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<CartLine>,
    /// Whether shipping goes back, as far as it has not.
    #[serde(default)]
    pub shipping: bool,
    /// A further amount in minor units, for no part of the order. Refunds of which nothing but the amount is known, such
    /// as those of Stripe's dashboard, count as goodwill too.
    #[serde(default)]
    pub goodwill: i64,
}

/// What goes back, part by part, in minor units of the order's currency: stored with the refund, so that the next one
/// knows what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundBreakdown {
    /// The pieces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundedLine>,
    /// Shipping by rate of tax, tax included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_parts: Vec<ShippingPart>,
    /// The goodwill.
    #[serde(default)]
    pub goodwill: i64,
    /// The tax in it.
    pub tax: i64,
    /// All of it by rate of tax, ascending.
    pub tax_rates: Vec<RateBreakdown>,
    /// All of it: what goes back. May be zero: pieces that cost nothing.
    pub amount: i64,
}

/// Refunded pieces of a line, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundedLine {
    /// The product.
    pub sku: Sku,
    /// Pieces.
    pub quantity: u32,
    /// Their share of the discount.
    pub discount: i64,
    /// The tax in the amount.
    pub tax: i64,
    /// What goes back for them, tax included: price less discount, or less than that when goodwill went before.
    pub amount: i64,
}

/// Why a refund in parts is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartialRefundRefused {
    /// The order has no such line.
    #[error("the order has no {0}")]
    NoSuchLine(Sku),
    /// Fewer pieces are left to refund.
    #[error("only {left} pieces of {sku} are left to refund")]
    TooManyPieces {
        /// The product.
        sku: Sku,
        /// Pieces that were not refunded yet.
        left: u32,
    },
    /// The goodwill exceeds what the other parts leave, or is negative.
    #[error("only {left} are left")]
    TooMuch {
        /// The most goodwill that can be refunded with these parts, in minor units.
        left: i64,
    },
    /// The currency cannot express the goodwill.
    #[error("a refund in this currency is a multiple of {step}")]
    NotChargeable {
        /// The currency's step in minor units.
        step: i64,
    },
}

impl Breakdown {
    /// What goes back for these parts, after the earlier refunds. Those that failed are not among them; dropping one
    /// leaves what it took.
    ///
    /// # Errors
    ///
    /// [`PartialRefundRefused`].
    pub fn refund(
        &self,
        earlier: &[&RefundBreakdown],
        parts: &RefundParts,
    ) -> Result<RefundBreakdown, PartialRefundRefused> {
        let mut left = Left::of(self, earlier);
        let before: BTreeMap<TaxRate, Share> = left.by_rate.clone();
        let mut refund = RefundBreakdown { goodwill: parts.goodwill, ..RefundBreakdown::default() };
        for CartLine { sku, quantity } in &parts.lines {
            let line = self.lines.iter().find(|line| line.sku == *sku);
            let line = line.ok_or_else(|| PartialRefundRefused::NoSuchLine(sku.clone()))?;
            let so_far = earlier.iter().flat_map(|earlier| &earlier.lines).chain(&refund.lines);
            let pieces = left.pieces(self, line, *quantity, so_far.filter(|known| known.sku == *sku))?;
            refund.lines.push(pieces);
        }
        if parts.shipping {
            refund.shipping_parts = left.shipping(self, earlier);
        }
        left.goodwill(self, parts.goodwill)?;

        let gone = before.into_iter().map(|(rate, before)| (rate, before.minus(left.at(rate))));
        refund.tax_rates = gone.filter(|(_, gone)| gone.amount > 0).map(|(rate, gone)| gone.at_rate(rate)).collect();
        refund.tax = refund.tax_rates.iter().map(|rate| rate.tax).sum();
        refund.amount = refund.tax_rates.iter().map(|rate| rate.gross).sum();
        Ok(refund)
    }

    /// What is left after these refunds, in minor units: the most that can still go back.
    pub fn refundable(&self, earlier: &[&RefundBreakdown]) -> i64 {
        Left::of(self, earlier).amount()
    }
}

/// An amount with the tax in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    amount: i64,
    tax: i64,
}

/// What is left of the total, by rate of tax.
struct Left {
    by_rate: BTreeMap<TaxRate, Share>,
}

impl Left {
    fn of(order: &Breakdown, earlier: &[&RefundBreakdown]) -> Self {
        let paid = order.tax_rates.iter().map(|rate| (rate.rate, Share { amount: rate.gross, tax: rate.tax }));
        let mut by_rate: BTreeMap<_, _> = paid.collect();
        for gone in earlier.iter().flat_map(|refund| &refund.tax_rates) {
            if let Some(left) = by_rate.get_mut(&gone.rate) {
                *left = left.minus(Share { amount: gone.gross, tax: gone.tax });
            }
        }
        Self { by_rate }
    }

    fn amount(&self) -> i64 {
        self.by_rate.values().map(|left| left.amount).sum()
    }

    fn at(&self, rate: TaxRate) -> Share {
        self.by_rate.get(&rate).copied().unwrap_or_default()
    }

    /// Takes what is wanted at this rate, or as much of it as there is.
    fn take(&mut self, rate: TaxRate, wanted: Share) -> Share {
        let taken = self.at(rate).most_of(wanted);
        if let Some(left) = self.by_rate.get_mut(&rate) {
            *left = left.minus(taken);
        }
        taken
    }

    fn pieces<'a>(
        &mut self,
        order: &Breakdown,
        line: &LineBreakdown,
        quantity: u32,
        so_far: impl Iterator<Item = &'a RefundedLine>,
    ) -> Result<RefundedLine, PartialRefundRefused> {
        let (mut pieces, mut gone, mut discount) = (0_u32, Share::default(), 0);
        for known in so_far {
            pieces = pieces.saturating_add(known.quantity);
            gone = Share { amount: gone.amount + known.amount, tax: gone.tax + known.tax };
            discount += known.discount;
        }
        let left = line.quantity.saturating_sub(pieces);
        if quantity > left {
            return Err(PartialRefundRefused::TooManyPieces { sku: line.sku.clone(), left });
        }
        let (worth, its_discount) = line.worth(pieces + quantity, order.tax_behavior, order.currency.step());
        let Share { amount, tax } = self.take(line.tax_rate, worth.minus(gone));
        let discount = (its_discount - discount).max(0);
        Ok(RefundedLine { sku: line.sku.clone(), quantity, discount, tax, amount })
    }

    fn shipping(&mut self, order: &Breakdown, earlier: &[&RefundBreakdown]) -> Vec<ShippingPart> {
        let mut parts = Vec::new();
        for &ShippingPart { rate, amount, tax } in &order.shipping_parts {
            let paid = Share { amount: order.tax_behavior.gross(amount, tax), tax };
            let known = earlier.iter().flat_map(|refund| &refund.shipping_parts).filter(|part| part.rate == rate);
            let due = known.fold(paid, |due, part| due.minus(Share { amount: part.amount, tax: part.tax }));
            let Share { amount, tax } = self.take(rate, due);
            if amount > 0 {
                parts.push(ShippingPart { rate, amount, tax });
            }
        }
        parts
    }

    fn goodwill(&mut self, order: &Breakdown, goodwill: i64) -> Result<(), PartialRefundRefused> {
        let (left, step) = (self.amount(), order.currency.step());
        if goodwill < 0 || goodwill > left {
            return Err(PartialRefundRefused::TooMuch { left });
        }
        if goodwill % step != 0 {
            return Err(PartialRefundRefused::NotChargeable { step });
        }
        let amounts: Vec<i64> = self.by_rate.values().map(|left| left.amount).collect();
        for (left, amount) in self.by_rate.values_mut().zip(split_in_steps(goodwill, &amounts, step)) {
            let tax = rounded_share(left.tax, amount, left.amount, 1).unwrap_or(0);
            *left = left.minus(left.most_of(Share { amount, tax }));
        }
        Ok(())
    }
}

impl Share {
    fn minus(self, other: Self) -> Self {
        Self { amount: self.amount - other.amount, tax: self.tax - other.tax }
    }

    /// What can be taken of this when `wanted` is: not more than there is, and the tax so that neither it nor the rest's
    /// exceeds its amount.
    fn most_of(self, wanted: Self) -> Self {
        let wanted = Self { amount: wanted.amount.max(0), tax: wanted.tax.max(0) };
        let amount = wanted.amount.min(self.amount).max(0);
        let tax = rounded_share(wanted.tax, amount, wanted.amount, 1).unwrap_or(0);
        let tax = tax.max(self.tax - (self.amount - amount)).min(self.tax).min(amount);
        Self { amount, tax }
    }

    fn at_rate(self, rate: TaxRate) -> RateBreakdown {
        RateBreakdown { rate, net: self.amount - self.tax, tax: self.tax, gross: self.amount }
    }
}

impl LineBreakdown {
    /// What the first `pieces` of the line cost, and their share of the discount. Neither falls as the pieces grow, and all
    /// pieces cost what the line does.
    fn worth(&self, pieces: u32, prices: TaxBehavior, step: i64) -> (Share, i64) {
        let share = |of: i64| rounded_share(of, i64::from(pieces), i64::from(self.quantity), step).unwrap_or(0);
        let discount = share(self.discount);
        let price = self.unit_price * i64::from(pieces) - discount;
        let step = if prices == TaxBehavior::Exclusive { step } else { 1 };
        let tax = rounded_share(self.tax, price, self.goods - self.discount, step).unwrap_or(0);
        (Share { amount: prices.gross(price, tax), tax }, discount)
    }
}
