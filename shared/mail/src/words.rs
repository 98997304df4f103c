//! What the mails say, once for their text and their HTML.

use domain::{CancelReason, Money, Order, OrderEvent, OrderMail};

/// The words of one mail.
pub(crate) struct Words {
    pub subject: String,
    pub headline: String,
    pub paragraph: String,
}

impl Words {
    /// For the state that the event tells of; a later mail tells what came later.
    pub(crate) fn of(mail: OrderMail, event: &OrderEvent, order: &Order, shop: &str) -> Self {
        let money = |amount| Money::new(amount, event.total.currency);
        let short = short(order);
        match mail {
            OrderMail::Confirmation => Self {
                subject: format!("Your {shop} order {short} is confirmed"),
                headline: "Thank you for your order".to_owned(),
                paragraph: format!(
                    "We have received your payment of {}. We will get your order ready to be sent.",
                    money(event.captured)
                ),
            },
            OrderMail::Cancelled => Self {
                subject: format!("Your {shop} order {short} is cancelled"),
                headline: "Your order is cancelled".to_owned(),
                paragraph: called_off(event, order),
            },
            OrderMail::Refunded if event.refunded >= event.captured => Self {
                subject: format!("Your refund for {shop} order {short}"),
                headline: "We have refunded your order".to_owned(),
                paragraph: format!(
                    "{}All of your payment, {}, is on its way back to you. {BANKS_TAKE_TIME}",
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

/// That the order is called off, why, and what becomes of its money.
fn called_off(event: &OrderEvent, order: &Order) -> String {
    let due = event.captured.saturating_sub(event.refunded);
    let back = format!("The {} that you paid is on its way back to you.", Money::new(due, event.total.currency));
    match (reason(order), due > 0) {
        (Some(CancelReason::Expired), false) => {
            "It was not paid in time, and what you chose is on sale again. Nothing will \
                                                 be sent, and nothing was charged."
                .to_owned()
        }
        (Some(CancelReason::Expired), true) => {
            format!("It was not paid in time, and what you chose is on sale again. Nothing will be sent. {back}")
        }
        (Some(CancelReason::Review), true) => {
            format!("What was paid did not fit your order. Nothing will be sent. {back}")
        }
        (_, true) => format!("Nothing will be sent. {back}"),
        (_, false) => "Nothing will be sent, and nothing was charged.".to_owned(),
    }
}

/// Why money goes back, where the customer did not ask for it.
const fn why(order: &Order) -> &'static str {
    match reason(order) {
        Some(CancelReason::Expired) => {
            "Your payment came after your order had been called off, and what you chose was sold by then. "
        }
        Some(CancelReason::Review) => "What was paid did not fit your order, which is called off. ",
        Some(CancelReason::Requested) | None => "",
    }
}

const fn reason(order: &Order) -> Option<CancelReason> {
    match order.cancellation {
        Some(cancellation) => Some(cancellation.reason),
        None => None,
    }
}

/// Source: docs.stripe.com/refunds, 5 to 10 business days.
const BANKS_TAKE_TIME: &str = "Your bank may take 5 to 10 business days to show it.";

/// Enough of an order's id to tell one's own orders apart in an inbox.
pub(crate) fn short(order: &Order) -> String {
    let id = order.id.uuid().simple().to_string();
    id[id.len() - 8..].to_uppercase()
}
