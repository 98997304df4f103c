//! What shipping costs: by the country's zone, and there by weight or by the value of the goods.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Country, PricingRefused};
use crate::{Currency, FieldError, check_text};

/// The longest name of a shipping rate, in characters.
const MAX_NAME: usize = 60;
/// The most bands of one price table.
const MAX_BANDS: usize = 50;
/// The most zones; there are not many more countries.
const MAX_ZONES: usize = 250;

/// To which countries the shop delivers, and for how much. The default delivers nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingRates {
    /// Groups of countries; a country is in one at most.
    pub zones: Vec<ShippingZone>,
    /// The rate for all other countries; without one they are not delivered to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_of_world: Option<ShippingRate>,
}

/// Countries with the same rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingZone {
    /// The countries, at least one.
    pub countries: BTreeSet<Country>,
    /// Their rate; without one they are not delivered to, whatever holds for the rest of the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<ShippingRate>,
}

/// A way of shipping, and its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingRate {
    /// Its name and what it promises.
    pub method: ShippingMethod,
    /// What decides about the price.
    pub by: BandUnit,
    /// The prices, in each currency in which there are any.
    pub prices: BTreeMap<Currency, ShippingPrices>,
}

/// How an order is shipped, as customers are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingMethod {
    /// The name that customers see: `Standard`.
    #[schema(min_length = 1, max_length = 60)]
    pub name: String,
    /// The promised span.
    pub working_days: WorkingDays,
}

/// The promised span, such as 2–4 working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkingDays {
    /// The earliest day.
    pub min: u8,
    /// The latest day, not before the earliest.
    pub max: u8,
}

string_enum! {
    /// What decides about the price of shipping.
    #[derive(ToSchema)]
    pub enum BandUnit {
        /// The weight of all pieces that need shipping, in grams.
        Weight = "weight",
        /// The value of all goods after the discount, in minor units.
        GoodsValue = "goods_value",
    }
}

/// Prices in one currency, in minor units, as the customer sees them: with tax where prices include it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingPrices {
    /// At least one; the first begins at 0, each later one further up. One alone is a flat price.
    pub bands: Vec<Band>,
    /// From this value of the goods after the discount, shipping is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from: Option<i64>,
}

/// The price from a weight or a value on, up to where the next band begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Where it begins, itself included: grams, or minor units.
    pub from: i64,
    /// The price in minor units.
    pub price: i64,
}

impl ShippingRates {
    /// How orders to a country are shipped, and the price in minor units. `weight` is in grams, `goods` the value of
    /// all goods after the discount, in minor units.
    ///
    /// # Errors
    ///
    /// [`PricingRefused::NotDelivered`] or [`PricingRefused::NoShippingPrice`].
    pub(super) fn quote(
        &self,
        country: Country,
        currency: Currency,
        weight: i64,
        goods: i64,
    ) -> Result<(&ShippingMethod, i64), PricingRefused> {
        let zone = self.zones.iter().find(|zone| zone.countries.contains(&country));
        let rate = zone.map_or(self.rest_of_world.as_ref(), |zone| zone.rate.as_ref());
        let rate = rate.ok_or(PricingRefused::NotDelivered(country))?;
        let missing = PricingRefused::NoShippingPrice { country, currency };
        let prices = rate.prices.get(&currency).ok_or(missing)?;
        let measure = if rate.by == BandUnit::Weight { weight } else { goods };
        Ok((&rate.method, prices.price(measure, goods)))
    }

    /// Checks rates that an administrator wrote.
    ///
    /// # Errors
    ///
    /// The first invalid field.
    pub fn check(&self) -> Result<(), FieldError> {
        if self.zones.len() > MAX_ZONES {
            return Err(FieldError::new("zones", format!("must be at most {MAX_ZONES}")));
        }
        let mut seen = BTreeSet::new();
        for (index, zone) in self.zones.iter().enumerate() {
            let field = format!("zones[{index}].countries");
            if zone.countries.is_empty() {
                return Err(FieldError::new(field, "must not be empty"));
            }
            if let Some(country) = zone.countries.iter().find(|country| !seen.insert(**country)) {
                return Err(FieldError::new(field, format!("{country} is in another zone")));
            }
            zone.rate.as_ref().map_or(Ok(()), |rate| rate.check(&format!("zones[{index}].rate")))?;
        }
        self.rest_of_world.as_ref().map_or(Ok(()), |rate| rate.check("rest_of_world"))
    }
}

impl ShippingRate {
    fn check(&self, path: &str) -> Result<(), FieldError> {
        let fault = |field: &str, message: String| Err(FieldError::new(format!("{path}.{field}"), message));
        if let Err(error) = check_text(&self.method.name, MAX_NAME) {
            return fault("method.name", error.to_string());
        }
        if self.method.working_days.min > self.method.working_days.max {
            return fault("method.working_days", "must not end before it begins".to_owned());
        }
        if self.prices.is_empty() {
            return fault("prices", "must not be empty".to_owned());
        }
        for (currency, prices) in &self.prices {
            if let Some(message) = prices.fault(currency.step()) {
                return fault(&format!("prices.{currency}"), message);
            }
        }
        Ok(())
    }
}

impl ShippingPrices {
    fn price(&self, measure: i64, goods: i64) -> i64 {
        let is_free = self.free_from.is_some_and(|from| goods >= from);
        let band = self.bands.iter().rfind(|band| band.from <= measure).filter(|_| !is_free);
        band.map_or(0, |band| band.price)
    }

    fn fault(&self, step: i64) -> Option<String> {
        let is_ascending = self.bands.is_sorted_by(|one, next| one.from < next.from);
        if self.bands.first().is_none_or(|first| first.from != 0) || !is_ascending {
            return Some("bands must begin at 0 and ascend".to_owned());
        }
        if self.bands.len() > MAX_BANDS {
            return Some(format!("must have at most {MAX_BANDS} bands"));
        }
        if self.bands.iter().any(|band| band.price < 0 || band.price % step != 0) {
            return Some(format!("a price must be a multiple of {step}, and not negative"));
        }
        self.free_from.is_some_and(|from| from < 0).then(|| "free_from must not be negative".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rates() -> Value {
        json!({
            "zones": [
                {"countries": ["DE", "AT"], "rate": {
                    "method": {"name": "Parcel", "working_days": {"min": 1, "max": 2}}, "by": "weight",
                    "prices": {"eur": {"bands": [{"from": 0, "price": 490}, {"from": 2000, "price": 790}], "free_from": 5000}},
                }},
                {"countries": ["KP"]},
            ],
            "rest_of_world": {
                "method": {"name": "Airmail", "working_days": {"min": 5, "max": 15}}, "by": "goods_value",
                "prices": {
                    "eur": {"bands": [{"from": 0, "price": 1500}, {"from": 10_000, "price": 2500}]},
                    "kwd": {"bands": [{"from": 0, "price": 5000}]},
                },
            },
        })
    }

    #[track_caller]
    fn check(country: &str, currency: &str, weight: i64, goods: i64, expected: &Result<i64, PricingRefused>) {
        let rates: ShippingRates = serde_json::from_value(rates()).unwrap();
        assert_eq!(rates.check(), Ok(()));
        let quoted = rates.quote(country.parse().unwrap(), currency.parse().unwrap(), weight, goods);
        assert_eq!(&quoted.map(|(_, price)| price), expected);
    }

    #[test]
    fn the_zone_and_its_band_decide() {
        check("DE", "eur", 0, 100, &Ok(490));
        check("DE", "eur", 1999, 100, &Ok(490));
        check("AT", "eur", 2000, 100, &Ok(790));
        check("AT", "eur", i64::MAX, 4999, &Ok(790));
        check("DE", "eur", 2000, 5000, &Ok(0));
        check("FR", "eur", 9000, 9999, &Ok(1500));
        check("FR", "eur", 0, 10_000, &Ok(2500));
    }

    #[test]
    fn no_zone_no_rate_and_no_price_are_refused() {
        let (country, currency) = ("DE".parse().unwrap(), "kwd".parse().unwrap());
        check("DE", "kwd", 0, 100, &Err(PricingRefused::NoShippingPrice { country, currency }));
        check("KP", "eur", 0, 100, &Err(PricingRefused::NotDelivered("KP".parse().unwrap())));
        let nowhere = ShippingRates::default();
        assert_eq!(nowhere.quote(country, currency, 0, 0), Err(PricingRefused::NotDelivered(country)));
    }

    #[test]
    fn every_broken_rule_of_the_rates_names_its_field() {
        for (pointer, value, field) in [
            ("/zones/1/countries", json!([]), "zones[1].countries"),
            ("/zones/1/countries", json!(["AT"]), "zones[1].countries"),
            ("/zones/0/rate/method/name", json!(" "), "zones[0].rate.method.name"),
            ("/zones/0/rate/method/working_days/min", json!(3), "zones[0].rate.method.working_days"),
            ("/rest_of_world/prices", json!({}), "rest_of_world.prices"),
            ("/rest_of_world/prices/eur/bands", json!([]), "rest_of_world.prices.eur"),
            ("/rest_of_world/prices/eur/bands/0/from", json!(1), "rest_of_world.prices.eur"),
            ("/rest_of_world/prices/eur/bands/1/from", json!(0), "rest_of_world.prices.eur"),
            ("/rest_of_world/prices/eur/bands/1/price", json!(-1), "rest_of_world.prices.eur"),
            ("/rest_of_world/prices/kwd/bands/0/price", json!(5001), "rest_of_world.prices.kwd"),
            ("/zones/0/rate/prices/eur/free_from", json!(-1), "zones[0].rate.prices.eur"),
        ] {
            let mut rates = rates();
            *rates.pointer_mut(pointer).unwrap() = value;
            let rates: ShippingRates = serde_json::from_value(rates).unwrap();
            assert_eq!(rates.check().unwrap_err().field, field, "{pointer}");
        }
    }

    #[test]
    fn unknown_fields_are_refused() {
        for pointer in ["", "/zones/0", "/zones/0/rate", "/zones/0/rate/prices/eur", "/zones/0/rate/prices/eur/bands/0"]
        {
            let mut rates = rates();
            rates.pointer_mut(pointer).unwrap()["more"] = json!(1);
            assert!(serde_json::from_value::<ShippingRates>(rates).is_err(), "{pointer}");
        }
    }
}
