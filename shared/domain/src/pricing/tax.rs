//! Tax: which rate holds for what, and how much it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::apportion::{rounded_share, split_in_steps};
use super::{Country, PricingRefused, ShippingPart, Untaxed};

string_enum! {
    /// How a product is taxed; each country has its own rate for each.
    #[derive(Default, ToSchema)]
    pub enum TaxClass {
        /// The country's standard rate.
        #[default]
        Standard = "standard",
        /// Its reduced rate, often for books and food.
        Reduced = "reduced",
        /// No tax.
        Zero = "zero",
    }
}

string_enum! {
    /// Whether prices include tax, in Stripe's words. It holds for products, shipping and discounts alike.
    #[derive(Default, ToSchema)]
    pub enum TaxBehavior {
        /// Gross prices: the tax is part of them.
        #[default]
        Inclusive = "inclusive",
        /// Net prices: the tax is added.
        Exclusive = "exclusive",
    }
}

/// A rate of tax in millionths, so that 8.875 % (88,750) and 9.5625 % are exact: 0 to 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schema(value_type = u32, maximum = 1_000_000, example = 190_000)]
pub struct TaxRate(u32);

/// The number is not a rate of tax.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tax rate is 0 to {} millionths", TaxRate::WHOLE)]
pub struct InvalidTaxRate;

impl TaxRate {
    const WHOLE: u32 = 1_000_000;

    /// The rate in millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for TaxRate {
    type Error = InvalidTaxRate;

    fn try_from(millionths: u32) -> Result<Self, InvalidTaxRate> {
        if millionths <= Self::WHOLE { Ok(Self(millionths)) } else { Err(InvalidTaxRate) }
    }
}

impl From<TaxRate> for u32 {
    fn from(rate: TaxRate) -> Self {
        rate.0
    }
}

/// For people: `19 %`, `8.875 %`.
impl fmt::Display for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 10_000, self.0 % 10_000);
        match format!("{part:04}").trim_end_matches('0') {
            "" => write!(f, "{whole} %"),
            part => write!(f, "{whole}.{part} %"),
        }
    }
}

/// The rates by country. The country is that of the shipping address: where goods are sent to consumers, their tax is
/// due (Directive 2006/112/EC, article 33). Orders of businesses with a VAT id are taxed like all others.
///
/// The default has no tax anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRates {
    /// Whether the shop's prices include tax.
    pub prices: TaxBehavior,
    /// The countries with rates of their own.
    pub countries: BTreeMap<Country, CountryTax>,
    /// The rates of all other countries: zero for exports (article 146). Without them such an order is refused, so that
    /// a country that was forgotten is not sold to untaxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_of_world: Option<CountryTax>,
}

/// A country's rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountryTax {
    /// For [`TaxClass::Standard`].
    pub standard: TaxRate,
    /// For [`TaxClass::Reduced`].
    pub reduced: TaxRate,
}

/// The tax of one order, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaxAssessment {
    pub prices: TaxBehavior,
    /// For each line its rate and its tax.
    pub lines: Vec<(TaxRate, i64)>,
    pub shipping: Vec<ShippingPart>,
}

impl Default for TaxRates {
    fn default() -> Self {
        Self { prices: TaxBehavior::default(), countries: BTreeMap::new(), rest_of_world: Some(CountryTax::default()) }
    }
}

impl CountryTax {
    fn rate(self, class: TaxClass) -> TaxRate {
        match class {
            TaxClass::Standard => self.standard,
            TaxClass::Reduced => self.reduced,
            TaxClass::Zero => TaxRate::default(),
        }
    }
}

impl TaxBehavior {
    /// The tax of an amount that includes it or not, rounded half up to `step`.
    fn tax(self, amount: i64, rate: TaxRate, step: i64) -> Option<i64> {
        let (share, whole) = (i64::from(rate.0), i64::from(TaxRate::WHOLE));
        match self {
            Self::Inclusive => rounded_share(amount, share, whole + share, step),
            Self::Exclusive => rounded_share(amount, share, whole, step),
        }
    }
}

impl TaxRates {
    /// The tax of an order.
    ///
    /// It is computed once for each rate, on the sum of what has the rate, and rounded half up. That is what Japan
    /// requires (one rounding for each rate of an invoice), what EN 16931 has in electronic invoices, and what the EU
    /// leaves to its members (C-484/06, Ahold). Lines and shipping share it by largest remainder. The discount is no part
    /// of what is taxed (Directive 2006/112/EC, article 79(b)).
    ///
    /// Shipping belongs to the goods and is taxed like them (article 78(b)): in proportion to the value of the goods of
    /// each rate that are shipped.
    ///
    /// A service that knows more rates (Stripe Tax) takes this function's place: it gets the same and answers the same.
    pub(super) fn assess(&self, order: &Untaxed) -> Result<TaxAssessment, PricingRefused> {
        let country = self.countries.get(&order.country).or(self.rest_of_world.as_ref());
        let country = country.ok_or(PricingRefused::NoTaxRate(order.country))?;
        let rate_of: Vec<TaxRate> = order.lines.iter().map(|line| country.rate(line.class)).collect();
        let mut lines: Vec<_> = rate_of.iter().map(|rate| (*rate, 0)).collect();
        let mut shipping = shipping_parts(order, &rate_of);
        // A tax that is added is paid; one that is included is only told.
        let step = if self.prices == TaxBehavior::Exclusive { order.currency.step() } else { 1 };

        for rate in rate_of.iter().copied().collect::<BTreeSet<_>>() {
            let on_lines = order.lines.iter().zip(&mut lines).filter(|(_, (its_rate, _))| *its_rate == rate);
            let on_lines = on_lines.map(|(line, (_, tax))| (line.taxable(), tax));
            let on_shipping = shipping.iter_mut().filter(|part| part.rate == rate);
            let on_shipping = on_shipping.map(|part| (part.amount, &mut part.tax));
            let (amounts, taxes): (Vec<i64>, Vec<&mut i64>) = on_lines.chain(on_shipping).unzip();
            let tax = self.prices.tax(amounts.iter().sum(), rate, step).ok_or(PricingRefused::TooLarge)?;
            for (tax, share) in taxes.into_iter().zip(split_in_steps(tax, &amounts, step)) {
                *tax = share;
            }
        }
        Ok(TaxAssessment { prices: self.prices, lines, shipping })
    }
}

/// Shipping by the rates of the goods that are shipped, untaxed.
fn shipping_parts(order: &Untaxed, rate_of: &[TaxRate]) -> Vec<ShippingPart> {
    let mut goods: BTreeMap<TaxRate, i64> = BTreeMap::new();
    for (line, rate) in order.lines.iter().zip(rate_of).filter(|(line, _)| line.is_shipped) {
        *goods.entry(*rate).or_insert(0) += line.goods;
    }
    let weights: Vec<i64> = goods.values().copied().collect();
    let shares = split_in_steps(order.shipping, &weights, order.currency.step());
    let parts = goods.into_keys().zip(shares).filter(|(_, amount)| *amount > 0);
    parts.map(|(rate, amount)| ShippingPart { rate, amount, tax: 0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_exact_and_at_most_the_whole() {
        for (millionths, text) in
            [(0, "0 %"), (70_000, "7 %"), (190_000, "19 %"), (88_750, "8.875 %"), (1, "0.0001 %"), (1_000_000, "100 %")]
        {
            let rate: TaxRate = serde_json::from_value(millionths.into()).unwrap();
            assert_eq!((rate.to_string().as_str(), rate.millionths()), (text, millionths));
        }
        assert_eq!(TaxRate::try_from(1_000_001), Err(InvalidTaxRate));
        assert!(serde_json::from_value::<TaxRate>(1_000_001.into()).is_err());
    }
}
