//! What an order costs: goods, discount, shipping, tax and total, to the minor unit.
//!
//! The goods are the prices times the quantities. A discount code takes something off them, and the lines share that by
//! largest remainder. Shipping follows from the destination and from the weight or value of the goods, and is not
//! discounted. Tax is computed once for each rate. Whatever is paid is a multiple of the currency's
//! [step](Currency::step), so that Stripe can charge it and give any part of it back.
//!
//! ```text
//! total = goods − discount + shipping          prices that include tax
//! total = goods − discount + shipping + tax    prices without tax
//! ```
//!
//! The lines' order changes nothing: shares of equal fractions go by sku.

mod apportion;
mod country;
mod discount;
mod refund;
mod shipping;
mod tax;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Currency, Money, Sku};
use apportion::split_in_steps;
use tax::TaxAssessment;

pub use country::{Country, InvalidCountry};
pub use discount::{Discount, DiscountCode, DiscountRefused, InvalidDiscountCode, Redemption, Reduction};
pub use refund::{PartialRefundRefused, RefundBreakdown, RefundParts, RefundedLine};
pub use shipping::{
    Band, BandUnit, ShippingMethod, ShippingPrices, ShippingRate, ShippingRates, ShippingZone, WorkingDays,
};
pub use tax::{CountryTax, InvalidTaxRate, TaxBehavior, TaxClass, TaxRate, TaxRates};

/// A line to be priced: what is ordered, and what has to be known of its product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodsLine {
    /// The product; each stands in one line.
    pub sku: Sku,
    /// Pieces.
    pub quantity: u32,
    /// The price of one piece in minor units.
    pub unit_price: i64,
    /// How it is taxed.
    pub tax_class: TaxClass,
    /// The weight of one piece in grams; `None` when it needs no shipping.
    pub weight: Option<u32>,
}

/// What an order costs, and by which rates: stored with it, so that no later change of rates touches it. Amounts are in
/// minor units of `currency`, and never negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Breakdown {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The country of destination, whose rates were used.
    pub country: Country,
    /// Whether prices, discount and shipping include tax.
    pub tax_behavior: TaxBehavior,
    /// The lines, as they were ordered.
    pub lines: Vec<LineBreakdown>,
    /// The prices times the quantities.
    pub goods: i64,
    /// What the code takes off the goods.
    pub discount: i64,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_code: Option<DiscountCode>,
    /// Shipping.
    pub shipping: i64,
    /// How it is shipped; `None` when nothing needs shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<ShippingMethod>,
    /// Shipping by rate of tax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipping_parts: Vec<ShippingPart>,
    /// The tax of lines and shipping.
    pub tax: i64,
    /// All of the order by rate of tax, ascending.
    pub tax_rates: Vec<RateBreakdown>,
    /// What is to be paid.
    pub total: i64,
}

/// What one line costs, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineBreakdown {
    /// The product.
    pub sku: Sku,
    /// Pieces.
    pub quantity: u32,
    /// The price of one piece.
    pub unit_price: i64,
    /// The price times the quantity.
    pub goods: i64,
    /// Its share of the discount.
    pub discount: i64,
    /// Its rate of tax.
    pub tax_rate: TaxRate,
    /// Its share of the rate's tax.
    pub tax: i64,
}

/// The part of shipping that is taxed at one rate, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShippingPart {
    /// The rate.
    pub rate: TaxRate,
    /// Its share of shipping.
    pub amount: i64,
    /// Its share of the rate's tax.
    pub tax: i64,
}

/// What is taxed at one rate, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RateBreakdown {
    /// The rate.
    pub rate: TaxRate,
    /// Without tax.
    pub net: i64,
    /// The tax.
    pub tax: i64,
    /// With tax: what is paid for it.
    pub gross: i64,
}

/// Why an order cannot be priced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PricingRefused {
    /// The shop does not deliver there.
    #[error("we do not deliver to {0}")]
    NotDelivered(Country),
    /// Shipping there has no price in the currency.
    #[error("shipping to {country} has no price in {}", .currency.code())]
    NoShippingPrice {
        /// The country.
        country: Country,
        /// The currency.
        currency: Currency,
    },
    /// The shop has no rate of tax for the country.
    #[error("we do not sell to {0}: there is no rate of tax for it")]
    NoTaxRate(Country),
    /// The discount code cannot be used.
    #[error(transparent)]
    Discount(#[from] DiscountRefused),
    /// The price of a product is negative or not a multiple of the currency's step.
    #[error("a price of {unit_price} cannot be charged")]
    NotChargeable {
        /// The index of the line, from 0.
        line: usize,
        /// The price.
        unit_price: Money,
    },
    /// The total does not fit into 64 bits.
    #[error("the total is too large")]
    TooLarge,
}

/// What an order costs that goes to this country.
///
/// # Errors
///
/// [`PricingRefused`].
pub fn price_order(
    lines: &[GoodsLine],
    currency: Currency,
    country: Country,
    shipping: &ShippingRates,
    tax: &TaxRates,
    code: Option<Redemption<'_>>,
) -> Result<Breakdown, PricingRefused> {
    let order = Untaxed::new(lines, currency, country, shipping, code)?;
    let assessment = tax.assess(&order)?;
    let breakdown = order.taxed(assessment)?;
    debug_assert_eq!(breakdown.broken_rules(), [] as [&str; 0], "{breakdown:?}");
    Ok(breakdown)
}

/// An order before tax: all that decides about its tax. Nothing in it is negative, and its sum fits into 64 bits.
#[derive(Clone, Debug)]
struct Untaxed {
    currency: Currency,
    country: Country,
    /// By sku.
    lines: Vec<UntaxedLine>,
    goods: i64,
    discount: i64,
    code: Option<DiscountCode>,
    shipping: i64,
    method: Option<ShippingMethod>,
}

#[derive(Clone, Debug)]
struct UntaxedLine {
    /// Where it stands in the order.
    index: usize,
    sku: Sku,
    quantity: u32,
    unit_price: i64,
    goods: i64,
    discount: i64,
    class: TaxClass,
    is_shipped: bool,
}

impl UntaxedLine {
    fn new(index: usize, line: &GoodsLine, currency: Currency) -> Result<Self, PricingRefused> {
        let &GoodsLine { quantity, unit_price, .. } = line;
        if unit_price < 0 || unit_price % currency.step() != 0 {
            return Err(PricingRefused::NotChargeable { line: index, unit_price: Money::new(unit_price, currency) });
        }
        let goods = unit_price.checked_mul(i64::from(quantity)).ok_or(PricingRefused::TooLarge)?;
        let (class, is_shipped) = (line.tax_class, line.weight.is_some());
        Ok(Self { index, sku: line.sku.clone(), quantity, unit_price, goods, discount: 0, class, is_shipped })
    }

    /// What of it is taxed.
    fn taxable(&self) -> i64 {
        self.goods - self.discount
    }
}

impl Untaxed {
    fn new(
        lines: &[GoodsLine],
        currency: Currency,
        country: Country,
        shipping: &ShippingRates,
        code: Option<Redemption<'_>>,
    ) -> Result<Self, PricingRefused> {
        let weight = weight(lines);
        let lines = lines.iter().enumerate().map(|(index, line)| UntaxedLine::new(index, line, currency));
        let mut lines = lines.collect::<Result<Vec<_>, _>>()?;
        lines.sort_by(|one, other| one.sku.cmp(&other.sku));
        let goods = sum(lines.iter().map(|line| line.goods))?;

        let discount = code.map_or(Ok(0), |code| code.amount_off(Money::new(goods, currency)))?;
        let weights: Vec<i64> = lines.iter().map(|line| line.goods).collect();
        for (line, share) in lines.iter_mut().zip(split_in_steps(discount, &weights, currency.step())) {
            line.discount = share;
        }
        let quote = weight.map(|weight| shipping.quote(country, currency, weight, goods - discount)).transpose()?;
        let shipping = quote.map_or(0, |(_, price)| price);
        sum([goods - discount, shipping])?;

        let method = quote.map(|(method, _)| method.clone());
        let code = code.map(|code| code.discount.code.clone());
        Ok(Self { currency, country, lines, goods, discount, code, shipping, method })
    }

    fn taxed(mut self, assessment: TaxAssessment) -> Result<Breakdown, PricingRefused> {
        let TaxAssessment { prices, lines: taxes, shipping: shipping_parts } = assessment;
        let tax = sum(taxes.iter().map(|(_, tax)| *tax).chain(shipping_parts.iter().map(|part| part.tax)))?;
        let added = if prices == TaxBehavior::Exclusive { tax } else { 0 };
        let total = sum([self.goods - self.discount, self.shipping, added])?;

        let lines = self.lines.drain(..).zip(taxes);
        let mut lines: Vec<_> = lines.map(|(line, (rate, tax))| (line.index, line.taxed(rate, tax))).collect();
        lines.sort_by_key(|(index, _)| *index);
        let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
        let on_lines = lines.iter().map(|line| (line.tax_rate, line.goods - line.discount, line.tax));
        let on_shipping = shipping_parts.iter().map(|part| (part.rate, part.amount, part.tax));
        let tax_rates = prices.by_rate(on_lines.chain(on_shipping));
        Ok(Breakdown {
            currency: self.currency,
            country: self.country,
            tax_behavior: prices,
            lines,
            goods: self.goods,
            discount: self.discount,
            discount_code: self.code,
            shipping: self.shipping,
            shipping_method: self.method,
            shipping_parts,
            tax,
            tax_rates,
            total,
        })
    }
}

impl UntaxedLine {
    fn taxed(self, tax_rate: TaxRate, tax: i64) -> LineBreakdown {
        let Self { sku, quantity, unit_price, goods, discount, .. } = self;
        LineBreakdown { sku, quantity, unit_price, goods, discount, tax_rate, tax }
    }
}

impl TaxBehavior {
    /// Amounts with their tax, added up by rate.
    fn by_rate(self, parts: impl Iterator<Item = (TaxRate, i64, i64)>) -> Vec<RateBreakdown> {
        let mut sums: BTreeMap<TaxRate, RateBreakdown> = BTreeMap::new();
        for (rate, amount, tax) in parts {
            let gross = self.gross(amount, tax);
            let sum = sums.entry(rate).or_insert(RateBreakdown { rate, net: 0, tax: 0, gross: 0 });
            *sum = RateBreakdown { rate, net: sum.net + gross - tax, tax: sum.tax + tax, gross: sum.gross + gross };
        }
        sums.into_values().collect()
    }

    /// What is paid for something with this price and this tax.
    fn gross(self, amount: i64, tax: i64) -> i64 {
        if self == Self::Exclusive { amount + tax } else { amount }
    }
}

impl Breakdown {
    /// What is to be paid.
    pub fn total(&self) -> Money {
        Money::new(self.total, self.currency)
    }

    /// The rules that it breaks: none, whatever was ordered.
    pub fn broken_rules(&self) -> Vec<&'static str> {
        let of_lines = |part: fn(&LineBreakdown) -> i64| self.lines.iter().map(part).sum::<i64>();
        let of_shipping = |part: fn(&ShippingPart) -> i64| self.shipping_parts.iter().map(part).sum::<i64>();
        let of_rates = |part: fn(&RateBreakdown) -> i64| self.tax_rates.iter().map(part).sum::<i64>();
        let is_line_right = |line: &LineBreakdown| {
            line.goods == line.unit_price * i64::from(line.quantity)
                && (0..=line.goods).contains(&line.discount)
                && (0..=line.goods - line.discount).contains(&line.tax)
        };
        let is_part_right = |part: &ShippingPart| (0..=part.amount).contains(&part.tax);
        let is_rate_right = |rate: &RateBreakdown| rate.net >= 0 && rate.tax >= 0 && rate.gross == rate.net + rate.tax;
        let total = self.tax_behavior.gross(self.goods - self.discount + self.shipping, self.tax);
        let rules = [
            (self.lines.iter().all(is_line_right), "a line's parts fit each other"),
            (self.shipping_parts.iter().all(is_part_right), "a part of shipping fits its tax"),
            (self.tax_rates.iter().all(is_rate_right), "net and tax are the gross amount, for each rate"),
            (of_lines(|line| line.goods) == self.goods, "the lines add up to the goods"),
            (of_lines(|line| line.discount) == self.discount, "the lines' shares add up to the discount"),
            (of_shipping(|part| part.amount) == self.shipping, "the parts of shipping add up to it"),
            (of_lines(|line| line.tax) + of_shipping(|part| part.tax) == self.tax, "shares of tax add up to it"),
            (of_rates(|rate| rate.tax) == self.tax, "the rates' taxes add up to the tax"),
            (of_rates(|rate| rate.gross) == self.total, "the rates add up to the total"),
            (total == self.total, "goods, discount, shipping and tax add up to the total"),
            (self.total >= 0 && self.total % self.currency.step() == 0, "the total can be charged"),
        ];
        rules.into_iter().filter(|(holds, _)| !holds).map(|(_, rule)| rule).collect()
    }
}

/// The weight of all pieces that need shipping, in grams; `None` when none does.
fn weight(lines: &[GoodsLine]) -> Option<i64> {
    let weights = lines.iter().filter_map(|line| Some((line.weight?, line.quantity)));
    let weights = weights.map(|(grams, pieces)| i64::from(grams).saturating_mul(i64::from(pieces)));
    weights.reduce(i64::saturating_add)
}

fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, PricingRefused> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add).ok_or(PricingRefused::TooLarge)
}

#[cfg(test)]
mod tests;
