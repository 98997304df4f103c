//! Composes the mail about an order from the order and its event.

use askama::Template;
use domain::{Address, Contact, Money, MoneyError, Order, OrderEvent, OrderLine, OrderMail};

use crate::Mailbox;
use crate::words::Words;

/// What a mail says, as plain text and as HTML. `Debug` shows the subject alone, since the rest names a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// All user input in it is escaped.
    pub html: String,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// The shop that sends the mail.
#[derive(Clone, Copy, Debug)]
pub struct Shop<'a> {
    /// The name that customers know.
    pub name: &'a str,
    /// The web app's origin, such as `https://shop.example`, if mails are to link to it.
    pub url: Option<&'a str>,
}

impl<'a> Shop<'a> {
    /// The shop with the name of its mailbox. An empty `web_app` means that there is none.
    pub fn of(from: &'a Mailbox, web_app: &'a str) -> Self {
        Self { name: from.name.as_deref().unwrap_or("shop"), url: (!web_app.is_empty()).then_some(web_app) }
    }
}

/// Why a mail cannot be composed.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A line's price times its quantity does not fit: not an order that was ever priced.
    #[error("cannot add up the mail's lines")]
    Money(#[from] MoneyError),
    /// The mail needs a link, and no web app is configured.
    #[error("cannot link to the web app: its URL is not set")]
    NoWebApp,
    /// A template failed.
    #[error("cannot render the mail")]
    Render(#[from] askama::Error),
}

impl Content {
    /// Composes the mail of this kind, with the figures of the event that asks for it. `contact` is what the customer wrote;
    /// `None` when the recipient may be another person.
    ///
    /// # Errors
    ///
    /// [`ContentError::Money`], for orders that cannot exist.
    pub fn compose(
        mail: OrderMail,
        event: &OrderEvent,
        order: &Order,
        contact: Option<&Contact>,
        shop: Shop<'_>,
    ) -> Result<Self, ContentError> {
        let words = Words::of(mail, event, order, shop.name);
        let words = if contact.is_some() { words } else { words.for_stranger(shop.name) };
        let parts = Parts::of(mail, event, order, contact, shop, &words)?;
        let text = Text { parts: &parts }.render()?;
        let html = Html { parts: &parts }.render()?;
        Ok(Self { subject: words.subject, text, html })
    }
}

#[derive(Template)]
#[template(path = "order.txt")]
struct Text<'a> {
    parts: &'a Parts<'a>,
}

#[derive(Template)]
#[template(path = "order.html")]
struct Html<'a> {
    parts: &'a Parts<'a>,
}

/// What both templates show.
struct Parts<'a> {
    shop: &'a str,
    words: &'a Words,
    order_url: Option<String>,
    lines: Vec<Line<'a>>,
    total: Money,
    refunded: Option<Money>,
    address: Vec<String>,
    order_id: String,
    placed_on: String,
}

struct Line<'a> {
    name: &'a str,
    quantity: u32,
    unit_price: Money,
    total: Money,
}

impl<'a> Parts<'a> {
    fn of(
        mail: OrderMail,
        event: &OrderEvent,
        order: &'a Order,
        contact: Option<&Contact>,
        shop: Shop<'a>,
        words: &'a Words,
    ) -> Result<Self, MoneyError> {
        let order_id = order.id.to_string();
        let refunded = (mail == OrderMail::Refunded).then(|| Money::new(event.refunded, order.total.currency));
        Ok(Self {
            shop: shop.name,
            words,
            order_url: shop.url.map(|url| format!("{}/orders/{order_id}", url.trim_end_matches('/'))),
            lines: order.lines.iter().map(Line::of).collect::<Result<_, _>>()?,
            total: order.total,
            refunded,
            address: contact.map(|contact| address(&contact.shipping_address)).unwrap_or_default(),
            order_id,
            placed_on: order.placed_at.to_string().chars().take_while(|c| *c != 'T').collect(),
        })
    }
}

impl<'a> Line<'a> {
    fn of(line: &'a OrderLine) -> Result<Self, MoneyError> {
        let total = line.unit_price.times(line.quantity)?;
        Ok(Self { name: &line.name, quantity: line.quantity, unit_price: line.unit_price, total })
    }
}

/// An address as its lines.
fn address(address: &Address) -> Vec<String> {
    let postal_code = address.postal_code.iter();
    let city = postal_code.chain([&address.city]).map(String::as_str).collect::<Vec<_>>().join(" ");
    let parts =
        [Some(&address.name), Some(&address.line1), address.line2.as_ref(), Some(&city), address.state.as_ref()];
    parts.into_iter().chain([Some(&address.country)]).flatten().cloned().collect()
}

#[cfg(test)]
mod tests {
    use domain::{CancelReason, Cancellation, EventType};
    use testkit::Sample;

    use super::*;

    const SHOP: Shop<'_> = Shop { name: "Tea & Co", url: Some("https://shop.example/") };

    /// Two products in a currency, and the event of a kind with so much captured and refunded.
    fn order(currency: &str, event_type: EventType, captured: i64, refunded: i64) -> (OrderEvent, Order) {
        let id = "ord_0000000000000000000000000abcdef0".parse().unwrap();
        let lines = [("MUG", "Mug \"<script>\" & saucer", 2, 1250), ("TEA", "Tea", 1, 999)];
        let (name, email) = ("Zoë <b>Müller</b>", "zoe@example.com");
        let placed = Sample { id, name, email, currency, lines: &lines, ..Sample::default() }.place();
        let event = placed.events.into_iter().next().unwrap();
        (OrderEvent { event_type, captured, refunded, ..event }, placed.order)
    }

    fn compose(currency: &str, event_type: EventType, captured: i64, refunded: i64) -> Content {
        let (event, order) = order(currency, event_type, captured, refunded);
        Content::compose(OrderMail::for_event(event_type).unwrap(), &event, &order, order.person.contact(), SHOP)
            .unwrap()
    }

    #[test]
    fn a_confirmation_in_plain_text() {
        let mail = compose("eur", EventType::Paid, 3499, 0);
        assert_eq!(mail.subject, "Your Tea & Co order 0ABCDEF0 is confirmed");
        let expected = "Thank you for your order

We have received your payment of 34.99 EUR and are preparing your order.

View your order: https://shop.example/orders/ord_0000000000000000000000000abcdef0

2 x Mug \"<script>\" & saucer at 12.50 EUR: 25.00 EUR
1 x Tea at 9.99 EUR: 9.99 EUR

Total: 34.99 EUR

Shipping address:
Zoë <b>Müller</b>
Weg 1
89073 Ulm
DE

Order ord_0000000000000000000000000abcdef0, placed on 2026-09-21.
-- \nTea & Co";
        assert_eq!(mail.text, expected);
    }

    #[test]
    fn whatever_people_wrote_is_escaped_in_html() {
        let mail = compose("eur", EventType::Paid, 3499, 0);
        for raw in ["<script>", "<b>", "Tea & Co"] {
            assert!(!mail.html.contains(raw), "{raw}");
        }
        for shown in ["&#60;script&#62;", "Tea &#38; Co", "Zoë", "12.50 EUR", "34.99 EUR", "89073 Ulm"] {
            assert!(mail.html.contains(shown), "{shown}: {}", mail.html);
        }
        let link = "href=\"https://shop.example/orders/ord_0000000000000000000000000abcdef0\"";
        assert!(mail.html.contains(link));
    }

    #[test]
    fn amounts_have_the_currencys_decimals() {
        assert!(compose("jpy", EventType::Paid, 3499, 0).text.contains("Total: 3499 JPY"));
        assert!(compose("kwd", EventType::Paid, 3499, 0).text.contains("Total: 3.499 KWD"));
    }

    #[test]
    fn a_cancellation_says_whether_money_comes_back() {
        let unpaid = compose("eur", EventType::Cancelled, 0, 0);
        assert!(unpaid.text.contains("you have not been charged") && !unpaid.text.contains("Refunded:"));
        let paid = compose("eur", EventType::Cancelled, 3499, 0);
        assert!(paid.text.contains("We are refunding your payment of 34.99 EUR"), "{}", paid.text);
        assert!(paid.html.contains("We are refunding your payment of 34.99 EUR"));
    }

    /// The mail about an order that was cancelled for this reason.
    fn cancelled(reason: CancelReason, event_type: EventType, captured: i64, refunded: i64) -> String {
        let (event, order) = order("eur", event_type, captured, refunded);
        let order = Order { cancellation: Some(Cancellation::new(order.placed_at, reason)), ..order };
        let mail = OrderMail::for_event(event_type).unwrap();
        Content::compose(mail, &event, &order, order.person.contact(), SHOP).unwrap().text
    }

    #[test]
    fn whoever_did_not_cancel_is_told_why_it_was_done() {
        use CancelReason::{Expired, Requested, Review};
        let unpaid = cancelled(Expired, EventType::Cancelled, 0, 0);
        assert!(
            unpaid.contains("did not receive your payment in time") && unpaid.contains("you have not been charged"),
            "{unpaid}"
        );
        let late = cancelled(Expired, EventType::Refunded, 3499, 3499);
        assert!(late.contains("sold by then. We have refunded your payment of 34.99 EUR in full"), "{late}");
        let doubtful = cancelled(Review, EventType::Cancelled, 3500, 0);
        assert!(
            doubtful.contains("did not match your order") && doubtful.contains("payment of 35.00 EUR"),
            "{doubtful}"
        );
        let wanted = cancelled(Requested, EventType::Cancelled, 0, 0);
        assert!(!wanted.contains("in time") && !wanted.contains("match"), "{wanted}");
    }

    #[test]
    fn a_stranger_reads_nothing_that_the_customer_wrote() {
        let (event, order) = order("eur", EventType::Cancelled, 0, 0);
        let mail = Content::compose(OrderMail::Cancelled, &event, &order, None, SHOP).unwrap();
        let expected = "Your order is cancelled

Someone, probably you, placed an order at Tea & Co with this email address. Nothing will be shipped, and you have not been \
charged. If this wasn't you, you can ignore this email.

View your order: https://shop.example/orders/ord_0000000000000000000000000abcdef0

2 x Mug \"<script>\" & saucer at 12.50 EUR: 25.00 EUR
1 x Tea at 9.99 EUR: 9.99 EUR

Total: 34.99 EUR

Order ord_0000000000000000000000000abcdef0, placed on 2026-09-21.
-- \nTea & Co";
        assert_eq!(mail.text, expected);
        for theirs in ["Zoë", "Müller", "Weg 1", "Ulm", "Shipping address"] {
            assert!(!mail.text.contains(theirs) && !mail.html.contains(theirs), "{theirs}");
        }
    }

    #[test]
    fn full_and_partial_refunds_name_their_amounts() {
        let full = compose("eur", EventType::Refunded, 3499, 3499);
        assert_eq!(full.subject, "Your refund for Tea & Co order 0ABCDEF0");
        assert!(
            full.text.contains("your payment of 34.99 EUR in full")
                && full.html.contains("your payment of 34.99 EUR in full")
        );
        let part = compose("eur", EventType::PartiallyRefunded, 3499, 500);
        assert_eq!(part.subject, "Your partial refund for Tea & Co order 0ABCDEF0");
        assert!(part.text.contains("We have refunded 5.00 EUR of your 34.99 EUR payment so far"));
        assert!(part.text.contains("Refunded: 5.00 EUR"));
    }

    #[test]
    fn without_a_web_app_there_is_no_link() {
        let (event, order) = order("eur", EventType::Paid, 3499, 0);
        let shop = Shop { url: None, ..SHOP };
        let mail = Content::compose(OrderMail::Confirmation, &event, &order, order.person.contact(), shop).unwrap();
        assert!(!mail.text.contains("View your order") && !mail.html.contains("<a "));
    }
}
