//! What a customer does, drawn from the seed.

use domain::MAX_LINES;
use serde_json::{Value, json};

use crate::rng::SimRng;
use crate::world::{PRODUCTS, other_product};

/// A test payment method of Stripe's, and what the customer does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A card that pays.
    Card,
    /// A card that is declined; the customer takes another one.
    Declined,
    /// A card with 3-D Secure, passed.
    Secure,
    /// 3-D Secure, failed; the customer takes another one.
    SecureFailed,
    /// 3-D Secure, and the customer leaves the page.
    SecureLeft,
    /// A bank debit that succeeds after hours or days.
    Debit,
    /// A bank debit that fails.
    DebitFails,
    /// A card whose owner disputes the charge.
    Disputed,
    /// A card whose refunds fail later.
    RefundFails,
    /// A card whose refunds are pending for a while.
    RefundPends,
}

impl Method {
    /// All of them; the common ones appear more than once.
    pub const ALL: [Self; 16] = [
        Self::Card,
        Self::Card,
        Self::Card,
        Self::Card,
        Self::Card,
        Self::Card,
        Self::Declined,
        Self::Secure,
        Self::Secure,
        Self::SecureFailed,
        Self::SecureLeft,
        Self::Debit,
        Self::DebitFails,
        Self::Disputed,
        Self::RefundFails,
        Self::RefundPends,
    ];

    /// Its id at Stripe.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Card => "pm_card_visa",
            Self::Declined => "pm_card_visa_chargeDeclined",
            Self::Secure | Self::SecureFailed | Self::SecureLeft => "pm_card_threeDSecure2Required",
            Self::Debit => "pm_sepaDebit_success",
            Self::DebitFails => "pm_sepaDebit_insufficientFunds",
            Self::Disputed => "pm_card_createDispute",
            Self::RefundFails => "pm_card_refundFail",
            Self::RefundPends => "pm_card_pendingRefund",
        }
    }
}

/// What a customer does.
#[allow(clippy::struct_excessive_bools, reason = "each wish is drawn by itself")]
#[derive(Clone, Debug)]
pub struct Workload {
    /// The cart.
    pub cart: Value,
    /// The payment method; `None` when the customer does not pay.
    pub pays: Option<Method>,
    /// How many times the customer presses the button at once.
    pub clicks: u32,
    /// Has the shop open in two tabs, and pays in both.
    pub two_tabs: bool,
    /// Cancels at some point.
    pub cancels: bool,
    /// Reads the order and places it again with the same key.
    pub reloads: bool,
    /// Pays when the reservation may have ended.
    pub late: bool,
    /// Something happens in Stripe's dashboard afterwards.
    pub dashboard: bool,
    /// Staff act on the order.
    pub staff: bool,
    /// How many times the cart is edited.
    pub edits: u32,
    /// Is a service that orders by invoice.
    pub by_invoice: bool,
    /// The bank disputes the payment.
    pub disputed: bool,
    /// Pays another time by another way.
    pub pays_elsewhere: bool,
    /// How many of the other products the cart has; 0 when it has named ones.
    pub large: usize,
}

impl Workload {
    /// Draws what this customer does.
    pub fn drawn(rng: &SimRng) -> Self {
        let place = if rng.percent(12) { 2 } else { rng.below(2) as usize };
        let mut skus = vec![PRODUCTS[place.min(PRODUCTS.len() - 1)].0];
        if rng.percent(20) && place != 0 {
            skus.push(PRODUCTS[0].0);
        }
        let named: Vec<(&str, u32)> = skus.into_iter().map(|sku| (sku, 1 + rng.below(3))).collect();
        let mut drawn = Self {
            cart: cart(&named, rng.pick(&EMAILS).unwrap_or(&EMAILS[0])),
            pays: rng.percent(88).then(|| *rng.pick(&Method::ALL).unwrap_or(&Method::Card)),
            clicks: if rng.percent(25) { 2 + rng.below(2) } else { 1 },
            two_tabs: rng.percent(15),
            cancels: rng.percent(25),
            reloads: rng.percent(25),
            late: rng.percent(5),
            dashboard: rng.percent(10),
            staff: rng.percent(30),
            edits: if rng.percent(20) { 1 + rng.below(2) } else { 0 },
            by_invoice: rng.percent(10),
            disputed: rng.percent(6),
            pays_elsewhere: rng.percent(4),
            large: if rng.percent(2) { *rng.pick(&LARGE).unwrap_or(&MAX_LINES) } else { 0 },
        };
        if drawn.large > 0 {
            drawn.cart["lines"] = lines(&(0..drawn.large).map(|n| (other_product(n), 1)).collect::<Vec<_>>()).into();
            drawn.edits = drawn.edits.min(1);
        }
        drawn
    }

    /// What the cart is edited to: other lines altogether where it is large.
    pub fn other_lines(&self, rng: &SimRng) -> Vec<(String, u32)> {
        if self.large > 0 {
            return (MAX_LINES..MAX_LINES + self.large).map(|n| (other_product(n), 1 + rng.below(3))).collect();
        }
        let ware = rng.pick(&PRODUCTS).map_or("mug", |(sku, ..)| *sku);
        vec![(ware.to_owned(), 1 + rng.below(3))]
    }
}

/// How many lines a large cart has.
const LARGE: [usize; 4] = [1, 20, 34, MAX_LINES];

/// Email addresses: two that deliver, one that is opened, one without any event, one that bounces.
const EMAILS: [&str; 5] =
    ["ada@example.com", "ada@example.com", "open@example.com", "silent@example.com", "bounce@example.com"];

/// Order lines in the API's format.
pub fn lines(lines: &[(impl AsRef<str>, u32)]) -> Vec<Value> {
    lines.iter().map(|(sku, quantity)| json!({ "sku": sku.as_ref(), "quantity": quantity })).collect()
}

/// The same cart, on invoice.
pub fn by_invoice(mut cart: Value) -> Value {
    cart["payment_method"] = "invoice".into();
    cart
}

/// A cart of the shop's products.
pub fn cart(of: &[(&str, u32)], email: &str) -> Value {
    json!({
        "lines": lines(of), "currency": "EUR", "email": email,
        "shipping_address": { "name": "Ada", "line1": "Weg 1", "city": "Ulm", "postal_code": "89073", "country": "DE" },
    })
}
