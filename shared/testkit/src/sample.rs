//! Orders to test with.

use domain::{
    Address, Cart, Change, CustomerId, Money, Order, OrderId, OrderLine, PaymentChoice, PaymentTerms, PricedCart,
    Timestamp,
};

/// An order for a test: the test sets what matters to it, the rest has defaults.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// Its id.
    pub id: OrderId,
    /// Who orders.
    pub customer: CustomerId,
    /// Their name on the parcel.
    pub name: &'a str,
    /// Their email address.
    pub email: &'a str,
    /// Three letters.
    pub currency: &'a str,
    /// Sku, name, quantity, price of one in minor units.
    pub lines: &'a [(&'a str, &'a str, u32, i64)],
    /// When it is placed.
    pub placed_at: Timestamp,
}

impl Default for Sample<'_> {
    fn default() -> Self {
        Self {
            id: "ord_00000000000000000000000000000001".parse().unwrap(),
            customer: "cus_00000000000000000000000000000001".parse().unwrap(),
            name: "Anna Größe",
            email: "anna@example.com",
            currency: "eur",
            lines: &[("MUG", "Mug", 2, 1250), ("TEA", "Tea", 1, 999)],
            placed_at: Timestamp::from_seconds(1_790_000_000),
        }
    }
}

impl Sample<'_> {
    /// The order with its first event, as placing it makes them; the correlation id is `corr-1`.
    pub fn place(&self) -> Change {
        let currency = self.currency.parse().unwrap();
        let line = |(sku, name, quantity, price): &(&str, &str, u32, i64)| OrderLine {
            sku: sku.parse().unwrap(),
            name: (*name).to_owned(),
            quantity: *quantity,
            unit_price: Money::new(*price, currency),
        };
        let total = self.lines.iter().map(|(_, _, quantity, price)| price * i64::from(*quantity)).sum();
        let cart = Cart {
            lines: vec![],
            currency,
            shipping_address: self.address(),
            email: self.email.parse().unwrap(),
            payment_method: PaymentChoice::Stripe,
        };
        let lines = self.lines.iter().map(line).collect();
        let priced = PricedCart { cart, lines, total: Money::new(total, currency) };
        let (method, held_until) = PaymentTerms::default().agreed(PaymentChoice::Stripe, self.placed_at);
        Order::place(self.id, self.customer, priced, method, held_until, "corr-1", self.placed_at)
    }

    fn address(&self) -> Address {
        Address {
            name: self.name.to_owned(),
            line1: "Weg 1".to_owned(),
            line2: None,
            city: "Ulm".to_owned(),
            state: None,
            postal_code: Some("89073".to_owned()),
            country: "DE".to_owned(),
        }
    }
}
