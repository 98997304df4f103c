//! The words of the mails, shared by their text and HTML versions.

use domain::{CancelReason, Money, Order, OrderEvent, OrderMail};

/// The words of one mail.
pub(crate) struct Words {
    pub subject: String,
    pub headline: String,
    pub paragraph: String,
}

impl Words {
    /// The words for the state that the event reports; a later mail reports later changes.
    pub(crate) fn of(mail: OrderMail, event: &OrderEvent, order: &Order, shop: &str) -> Self {
        let money = |amount| Money::new(amount, event.total.currency);
        let short = short(order);
        match mail {
            OrderMail::Confirmation => Self {
                subject: format!("Your {shop} order {short} is confirmed"),
                headline: "Thank you for your order".to_owned(),
                paragraph: format!(
                    "We have received your payment of {} and are preparing your order.",
                    money(event.captured)
                ),
            },
            OrderMail::Cancelled => Self {
                subject: format!("Your {shop} order {short} is cancelled"),
                headline: "Your order is cancelled".to_owned(),
                paragraph: cancelled(event, order),
            },
            OrderMail::Refunded if event.refunded >= event.captured => Self {
                subject: format!("Your refund for {shop} order {short}"),
                headline: "We have refunded your order".to_owned(),
                paragraph: format!(
                    "{}We have refunded your payment of {} in full. {BANKS_TAKE_TIME}",
                    why(order),
                    money(event.refunded)
                ),
            },
            OrderMail::Refunded => Self {
                subject: format!("Your partial refund for {shop} order {short}"),
                headline: "We have refunded part of your order".to_owned(),
                paragraph: format!(
                    "We have refunded {} of your {} payment so far. {BANKS_TAKE_TIME}",
                    money(event.refunded),
                    money(event.captured)
                ),
            },
        }
    }
}

impl Words {
    /// The same for somebody who may know nothing of the order.
    pub(crate) fn for_stranger(self, shop: &str) -> Self {
        let paragraph = format!(
            "Someone, probably you, placed an order at {shop} with this email address. {} If this wasn't you, you can \
             ignore this email.",
            self.paragraph
        );
        Self { paragraph, ..self }
    }
}

/// Why the order is cancelled, and what happens to its money.
fn cancelled(event: &OrderEvent, order: &Order) -> String {
    let due = event.captured.saturating_sub(event.refunded);
    let back = format!("We are refunding your payment of {}.", Money::new(due, event.total.currency));
    match (reason(order), due > 0) {
        (Some(CancelReason::Expired), false) => {
            "We did not receive your payment in time. Nothing will be shipped, and you have not been charged."
                .to_owned()
        }
        (Some(CancelReason::Expired), true) => {
            format!("We did not receive your payment in time. Nothing will be shipped. {back}")
        }
        (Some(CancelReason::PaymentRefused), _) => {
            "Our payment provider cannot charge this order. Nothing will be shipped, and you have not been charged."
                .to_owned()
        }
        (Some(CancelReason::Review), true) => {
            format!("The payment did not match your order. Nothing will be shipped. {back}")
        }
        (_, true) => format!("Nothing will be shipped. {back}"),
        (_, false) => "Nothing will be shipped, and you have not been charged.".to_owned(),
    }
}

/// Why money is refunded, when the customer did not ask for it.
const fn why(order: &Order) -> &'static str {
    match reason(order) {
        Some(CancelReason::Expired) => {
            "Your payment arrived after we had cancelled your order, and the items had been sold by then. "
        }
        Some(CancelReason::Review) => "The payment did not match your order, so we have cancelled it. ",
        Some(CancelReason::Requested | CancelReason::PaymentRefused) | None => "",
    }
}

const fn reason(order: &Order) -> Option<CancelReason> {
    match order.cancellation {
        Some(cancellation) => Some(cancellation.current_reason()),
        None => None,
    }
}

/// Source: docs.stripe.com/refunds, 5 to 10 business days.
const BANKS_TAKE_TIME: &str = "Your bank may take 5 to 10 business days to show it.";

/// Enough of an order's id for customers to tell their orders apart in an inbox.
pub(crate) fn short(order: &Order) -> String {
    let id = order.id.uuid().simple().to_string();
    id[id.len() - 8..].to_uppercase()
}
