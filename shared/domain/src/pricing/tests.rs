mod carts;

use serde_json::json;

use super::*;
use crate::{CartLine, Timestamp};

/// A sku, its quantity, unit price, class of tax, and grams if it is shipped.
type Ordered<'a> = (&'a str, u32, i64, TaxClass, Option<u32>);

fn line((sku, quantity, unit_price, tax_class, weight): Ordered<'_>) -> GoodsLine {
    GoodsLine { sku: sku.parse().unwrap(), quantity, unit_price, tax_class, weight }
}

/// Flat prices everywhere.
fn shipping(prices: &serde_json::Value) -> ShippingRates {
    let prices = prices.as_object().unwrap().iter();
    let prices: serde_json::Map<_, _> =
        prices.map(|(currency, price)| (currency.clone(), json!({"bands": [{"from": 0, "price": price}]}))).collect();
    let method = json!({"name": "Standard", "working_days": {"min": 2, "max": 4}});
    let rate = json!({"method": method, "by": "weight", "prices": prices});
    serde_json::from_value(json!({"zones": [{"countries": ["KP"]}], "rest_of_world": rate})).unwrap()
}

fn taxes(prices: TaxBehavior) -> TaxRates {
    let countries = json!({
        "DE": {"standard": 190_000, "reduced": 70_000},
        "CH": {"standard": 81_000, "reduced": 26_000},
        "JP": {"standard": 100_000, "reduced": 80_000},
        "BH": {"standard": 100_000, "reduced": 0},
        "KW": {"standard": 0, "reduced": 0},
    });
    serde_json::from_value(json!({"prices": prices, "countries": countries})).unwrap()
}

fn code(basis_points: u32) -> Discount {
    serde_json::from_value(json!({"code": "SPRING", "reduction": {"basis_points": basis_points}})).unwrap()
}

fn priced(
    lines: &[Ordered<'_>],
    (currency, country): (&str, &str),
    prices: TaxBehavior,
    discount: Option<&Discount>,
) -> Result<Breakdown, PricingRefused> {
    let lines: Vec<_> = lines.iter().copied().map(line).collect();
    let shipping = shipping(&json!({"eur": 490, "chf": 900, "kwd": 1500}));
    let code =
        discount.map(|discount| Redemption { discount, uses: 0, uses_by_customer: 0, now: Timestamp::default() });
    price_order(&lines, currency.parse().unwrap(), country.parse().unwrap(), &shipping, &taxes(prices), code)
}

const MUGS_AND_BOOK: [Ordered<'_>; 2] =
    [("mug", 2, 1250, TaxClass::Standard, Some(400)), ("book", 1, 2000, TaxClass::Reduced, Some(500))];

fn german(prices: TaxBehavior) -> Breakdown {
    priced(&MUGS_AND_BOOK, ("eur", "DE"), prices, Some(&code(1000))).unwrap()
}

/// Net, tax and gross by rate in millionths.
#[track_caller]
fn check_rates(breakdown: &Breakdown, expected: &[(u32, i64, i64, i64)]) {
    let rates = breakdown.tax_rates.iter().map(|rate| (rate.rate.millionths(), rate.net, rate.tax, rate.gross));
    assert_eq!(rates.collect::<Vec<_>>(), expected);
}

/// Shipping of 4.90 is 2.18 for the book and 2.72 for the mugs. At 7 % 20.18 have 1.32 of tax (132.02 cents), at 19 %
/// 25.22 have 4.03 (402.67 cents).
#[test]
fn a_german_cart_with_tax_in_its_prices() {
    let breakdown = german(TaxBehavior::Inclusive);
    assert_eq!(
        serde_json::to_value(&breakdown).unwrap(),
        json!({
            "currency": "eur",
            "country": "DE",
            "tax_behavior": "inclusive",
            "lines": [
                {"sku": "mug", "quantity": 2, "unit_price": 1250, "goods": 2500, "discount": 250, "tax_rate": 190_000, "tax": 360},
                {"sku": "book", "quantity": 1, "unit_price": 2000, "goods": 2000, "discount": 200, "tax_rate": 70_000, "tax": 118},
            ],
            "goods": 4500,
            "discount": 450,
            "discount_code": "SPRING",
            "shipping": 490,
            "shipping_method": {"name": "Standard", "working_days": {"min": 2, "max": 4}},
            "shipping_parts": [
                {"rate": 70_000, "amount": 218, "tax": 14},
                {"rate": 190_000, "amount": 272, "tax": 43},
            ],
            "tax": 535,
            "tax_rates": [
                {"rate": 70_000, "net": 1886, "tax": 132, "gross": 2018},
                {"rate": 190_000, "net": 2119, "tax": 403, "gross": 2522},
            ],
            "total": 4540,
        })
    );
    let stored = serde_json::to_string(&breakdown).unwrap();
    assert_eq!(serde_json::from_str::<Breakdown>(&stored).unwrap(), breakdown);
}

/// 7 % of 20.18 are 141.26 cents, 19 % of 25.22 are 479.18.
#[test]
fn a_german_cart_with_tax_on_top_of_its_prices() {
    let breakdown = german(TaxBehavior::Exclusive);
    check_rates(&breakdown, &[(70_000, 2018, 141, 2159), (190_000, 2522, 479, 3001)]);
    assert_eq!((breakdown.tax, breakdown.total), (620, 5160));
}

/// Shipping of 9.00 is 0.60 for the chocolate and 8.40 for the watch. The taxes are 46.75 and 1928.71 rappen.
#[test]
fn a_swiss_cart() {
    let lines =
        [("chocolate", 3, 595, TaxClass::Reduced, Some(100)), ("watch", 1, 24_900, TaxClass::Standard, Some(80))];
    let breakdown = priced(&lines, ("chf", "CH"), TaxBehavior::Inclusive, None).unwrap();
    check_rates(&breakdown, &[(26_000, 1798, 47, 1845), (81_000, 23_811, 1929, 25_740)]);
    assert_eq!(breakdown.total, 27_585);
}

/// 119.52 and 120.5 yen; each is rounded once.
#[test]
fn a_japanese_cart_that_needs_no_shipping() {
    let lines = [("tea", 3, 498, TaxClass::Reduced, None), ("cup", 1, 1205, TaxClass::Standard, None)];
    let breakdown = priced(&lines, ("jpy", "JP"), TaxBehavior::Exclusive, None).unwrap();
    check_rates(&breakdown, &[(80_000, 1494, 120, 1614), (100_000, 1205, 121, 1326)]);
    assert_eq!((breakdown.total, breakdown.shipping, breakdown.shipping_method), (2940, 0, None));
}

/// 7.5 % of 37.050 are 2.778750, and 10 % of 1.250 are 0.125: neither can be charged.
#[test]
fn with_three_decimals_all_that_is_paid_ends_in_zero() {
    let lines = [("oud", 3, 12_350, TaxClass::Standard, Some(250))];
    let kuwait = priced(&lines, ("kwd", "KW"), TaxBehavior::Exclusive, Some(&code(750))).unwrap();
    assert_eq!((kuwait.discount, kuwait.shipping, kuwait.tax, kuwait.total), (2780, 1500, 0, 35_770));
    let lines = [("dates", 1, 1250, TaxClass::Standard, None)];
    let bahrain = priced(&lines, ("bhd", "BH"), TaxBehavior::Exclusive, None).unwrap();
    assert_eq!((bahrain.tax, bahrain.total), (130, 1380));
    let bahrain = priced(&lines, ("bhd", "BH"), TaxBehavior::Inclusive, None).unwrap();
    assert_eq!((bahrain.tax, bahrain.total), (114, 1250));
}

/// By weight in Germany, free from 40.00.
#[track_caller]
fn check_shipping(lines: &[Ordered<'_>], discount: Option<&Discount>, shipping: i64, parts: &[(u32, i64)]) {
    let mut rates = self::shipping(&json!({"eur": 490}));
    let prices =
        json!({"eur": {"bands": [{"from": 0, "price": 490}, {"from": 1000, "price": 790}], "free_from": 4000}});
    rates.rest_of_world.as_mut().unwrap().prices = serde_json::from_value(prices).unwrap();
    let lines: Vec<_> = lines.iter().copied().map(line).collect();
    let (eur, germany, now) = ("eur".parse().unwrap(), "DE".parse().unwrap(), Timestamp::default());
    let code = discount.map(|discount| Redemption { discount, uses: 0, uses_by_customer: 0, now });
    let order = price_order(&lines, eur, germany, &rates, &taxes(TaxBehavior::Inclusive), code).unwrap();
    let by_rate = order.shipping_parts.iter().map(|part| (part.rate.millionths(), part.amount));
    assert_eq!((order.shipping, by_rate.collect::<Vec<_>>()), (shipping, parts.to_vec()));
}

#[test]
fn what_is_shipped_decides_about_shipping_and_its_tax() {
    let book = ("book", 2, 1000, TaxClass::Reduced, Some(499));
    let song = ("song", 9, 99, TaxClass::Standard, None);
    check_shipping(&[book, song], None, 490, &[(70_000, 490)]);
    check_shipping(&[("book", 3, 1000, TaxClass::Reduced, Some(499)), song], None, 790, &[(70_000, 790)]);
    check_shipping(&[song], None, 0, &[]);
    let map = ("map", 1, 1000, TaxClass::Zero, Some(1));
    check_shipping(&[book, map], None, 490, &[(0, 163), (70_000, 327)]);
}

#[test]
fn shipping_is_free_by_what_the_goods_cost_after_the_discount() {
    let mug = ("mug", 2, 2000, TaxClass::Standard, Some(400));
    check_shipping(&[mug], None, 0, &[]);
    check_shipping(&[mug], Some(&code(1)), 0, &[]); // 0.01 % of 40.00 are 0.4 cents: nothing
    check_shipping(&[mug], Some(&code(100)), 490, &[(190_000, 490)]);
    check_shipping(&[("song", 40, 99, TaxClass::Standard, None), mug], Some(&code(100)), 0, &[]);
}

#[track_caller]
fn check_refused(ordered: Ordered<'_>, place: (&str, &str), discount: Option<&Discount>, refusal: &PricingRefused) {
    assert_eq!(priced(&[ordered], place, TaxBehavior::Inclusive, discount).as_ref(), Err(refusal));
}

#[test]
fn what_cannot_be_priced_is_refused() {
    let (mug, download) = (MUGS_AND_BOOK[0], ("song", 1, 99, TaxClass::Standard, None));
    let country = |code: &str| code.parse::<Country>().unwrap();
    let currency: Currency = "jpy".parse().unwrap();
    check_refused(mug, ("eur", "KP"), None, &PricingRefused::NotDelivered(country("KP")));
    check_refused(mug, ("jpy", "JP"), None, &PricingRefused::NoShippingPrice { country: country("JP"), currency });
    check_refused(download, ("eur", "KP"), None, &PricingRefused::NoTaxRate(country("KP")));
    let over = Discount { valid_until: Some(Timestamp::default()), ..code(1000) };
    check_refused(mug, ("eur", "DE"), Some(&over), &DiscountRefused::Expired(Timestamp::default()).into());
    for unit_price in [-10, 1255] {
        let unit_price = Money::new(unit_price, "kwd".parse().unwrap());
        let odd = ("oud", 1, unit_price.amount, TaxClass::Zero, None);
        check_refused(odd, ("kwd", "KW"), None, &PricingRefused::NotChargeable { line: 0, unit_price });
    }
    for (quantity, unit_price) in [(2, i64::MAX), (1, i64::MAX - 100)] {
        let dear = ("gold", quantity, unit_price, TaxClass::Zero, Some(1000));
        check_refused(dear, ("eur", "DE"), None, &PricingRefused::TooLarge);
    }
    let most = ("gold", 1, i64::MAX, TaxClass::Standard, None);
    assert_eq!(priced(&[most], ("eur", "DE"), TaxBehavior::Inclusive, None).unwrap().total, i64::MAX);
    assert_eq!(priced(&[most], ("eur", "DE"), TaxBehavior::Exclusive, None), Err(PricingRefused::TooLarge));
}

fn pieces(lines: &[(&str, u32)]) -> RefundParts {
    let lines = lines.iter().map(|(sku, quantity)| CartLine { sku: sku.parse().unwrap(), quantity: *quantity });
    RefundParts { lines: lines.collect(), ..RefundParts::default() }
}

/// Refunds one after the other: the amount of each, and the tax in it.
#[track_caller]
fn check_refunds(order: &Breakdown, refunds: &[(RefundParts, i64, i64)]) {
    let mut earlier: Vec<RefundBreakdown> = Vec::new();
    for (parts, amount, tax) in refunds {
        let refund = order.refund(&earlier.iter().collect::<Vec<_>>(), parts).unwrap();
        assert_eq!((refund.amount, refund.tax), (*amount, *tax), "{parts:?}");
        earlier.push(refund);
    }
    assert_eq!(order.refundable(&earlier.iter().collect::<Vec<_>>()), 0);
}

#[test]
fn pieces_and_shipping_bring_their_discount_and_tax_back() {
    let shipping = RefundParts { shipping: true, ..RefundParts::default() };
    check_refunds(
        &german(TaxBehavior::Inclusive),
        &[
            (pieces(&[("mug", 1)]), 1125, 180),
            (shipping.clone(), 490, 57),
            (shipping, 0, 0),
            (pieces(&[("book", 1), ("mug", 1)]), 2925, 298),
        ],
    );
    // Of the tax on the mugs, 4.27 with 0.52 on their shipping, each has half.
    check_refunds(
        &german(TaxBehavior::Exclusive),
        &[
            (pieces(&[("mug", 1)]), 1339, 214),
            (RefundParts { shipping: true, ..pieces(&[("mug", 1), ("book", 1)]) }, 3821, 406),
        ],
    );
}

/// Of 10.00, 4.44 are at 7 % and 5.56 at 19 %, as what was paid is.
#[test]
fn goodwill_lowers_what_goes_back_afterwards() {
    let order = german(TaxBehavior::Inclusive);
    let goodwill = |goodwill: i64| RefundParts { goodwill, ..RefundParts::default() };
    let all = RefundParts { shipping: true, ..pieces(&[("mug", 2), ("book", 1)]) };
    check_refunds(&order, &[(goodwill(1000), 1000, 118), (all, 3540, 417)]);
    check_refunds(&order, &[(pieces(&[("mug", 2)]), 2250, 360), (goodwill(2290), 2290, 175)]);
}

#[test]
fn no_more_goes_back_than_there_is() {
    let order = german(TaxBehavior::Inclusive);
    let first = order.refund(&[], &pieces(&[("mug", 1)])).unwrap();
    let refused = |parts: &RefundParts| order.refund(&[&first], parts).unwrap_err();
    let (mug, cup): (Sku, Sku) = ("mug".parse().unwrap(), "cup".parse().unwrap());
    assert_eq!(refused(&pieces(&[("cup", 1)])), PartialRefundRefused::NoSuchLine(cup));
    assert_eq!(refused(&pieces(&[("mug", 2)])), PartialRefundRefused::TooManyPieces { sku: mug.clone(), left: 1 });
    assert_eq!(refused(&pieces(&[("mug", 1), ("mug", 1)])), PartialRefundRefused::TooManyPieces { sku: mug, left: 0 });
    assert_eq!(order.refundable(&[&first]), 3415);
    for (goodwill, left) in [(3416, 3415), (-1, 3415)] {
        let parts = RefundParts { goodwill, ..RefundParts::default() };
        assert_eq!(refused(&parts), PartialRefundRefused::TooMuch { left });
    }
    let lines = [("oud", 1, 12_350, TaxClass::Zero, None)];
    let kuwait = priced(&lines, ("kwd", "KW"), TaxBehavior::Inclusive, None).unwrap();
    let parts = RefundParts { goodwill: 1255, ..RefundParts::default() };
    assert_eq!(kuwait.refund(&[], &parts), Err(PartialRefundRefused::NotChargeable { step: 10 }));
}
