//! Mails to the shop's own people: what happened to an order, its figures, and what to do. Nothing personal.

use askama::Template;
use domain::{EventType, Money, Order, OrderEvent, PaymentMethod, StaffAlert, Timestamp};

use crate::words::{Words, short};
use crate::{Content, ContentError, Shop};

#[derive(Template)]
#[template(path = "alert.txt")]
struct Text<'a> {
    parts: &'a Parts<'a>,
}

#[derive(Template)]
#[template(path = "alert.html")]
struct Html<'a> {
    parts: &'a Parts<'a>,
}

/// What both templates show.
struct Parts<'a> {
    shop: &'a str,
    words: &'a Words,
    figures: Vec<Figure>,
    task: String,
    order_url: Option<String>,
    order_id: String,
    event: EventType,
}

struct Figure {
    name: &'static str,
    value: String,
}

impl Content {
    /// What the shop's people are told of an order; the figures are the order's as it is now.
    ///
    /// # Errors
    ///
    /// [`ContentError::Render`], if a template fails.
    pub fn alert(alert: StaffAlert, event: &OrderEvent, order: &Order, shop: Shop<'_>) -> Result<Self, ContentError> {
        let (happened, paragraph) = happened(alert, order);
        let words = Words {
            subject: format!("[{}] Order {}: {happened}", shop.name, short(order)),
            headline: format!("Order {}: {happened}", short(order)),
            paragraph,
        };
        let order_id = order.id.to_string();
        let parts = Parts {
            shop: shop.name,
            words: &words,
            figures: figures(order),
            task: task(alert, order),
            order_url: shop.url.map(|url| format!("{}/orders/{order_id}", url.trim_end_matches('/'))),
            order_id,
            event: event.event_type,
        };
        let text = Text { parts: &parts }.render()?;
        let html = Html { parts: &parts }.render()?;
        Ok(Self { subject: words.subject, text, html })
    }
}

/// In a few words, and in a sentence or two.
fn happened(alert: StaffAlert, order: &Order) -> (&'static str, String) {
    let (short, long) = match alert {
        StaffAlert::Disputed => {
            ("payment disputed", "A bank disputes the payment and holds the money until it is decided.")
        }
        StaffAlert::ChargedBack => ("dispute lost", "A dispute was decided against the shop: the money is gone."),
        StaffAlert::NeedsReview if order.cancellation.is_some() => (
            "needs review",
            "The order is called off, and its money could not be given back: a refund was refused, or came back.",
        ),
        StaffAlert::NeedsReview => (
            "needs review",
            "Money came that does not fit the order: another amount or currency, meant for another order, or twice.",
        ),
        StaffAlert::RefundFailed => (
            "refund failed",
            "A refund was refused or given up, or the bank sent its money back to us. Its amount is free again.",
        ),
        StaffAlert::InvoiceOverdue => ("invoice overdue", "The invoice was not paid by its due date."),
    };
    (short, long.to_owned())
}

fn task(alert: StaffAlert, order: &Order) -> String {
    let id = order.id;
    match alert {
        StaffAlert::Disputed => {
            "Send nothing while it lasts. Answer with evidence in Stripe's dashboard, before the date \
                                 that it names."
                .to_owned()
        }
        StaffAlert::ChargedBack => {
            "Nothing more can be given back of it. If the goods were not sent, don't send them; if \
                                    they were, what they cost is lost."
                .to_owned()
        }
        StaffAlert::NeedsReview => format!(
            "Send nothing yet. Look at the order's history and at Stripe's dashboard, then decide by POST \
             /v1/orders/{id}/resolve-review: accept (the money is right as it is, or was given back some other way), \
             refund_excess (what came above the total goes back), or refund_all (all of it goes back, and the order is \
             called off)."
        ),
        StaffAlert::RefundFailed => format!(
            "Look at the order's history. If the money is still to go back, ask for it again by POST \
             /v1/orders/{id}/refunds with a new Idempotency-Key, or find another way with the customer."
        ),
        StaffAlert::InvoiceOverdue => format!(
            "Look at the bank account. If the money came, note it by POST /v1/orders/{id}/mark-paid; if not, remind the \
             customer, or call the order off by POST /v1/orders/{id}/cancel."
        ),
    }
}

fn figures(order: &Order) -> Vec<Figure> {
    let facts = &order.payment.facts;
    let money = |name, amount| Figure { name, value: Money::new(amount, order.total.currency).to_string() };
    let reserved: i64 =
        order.open_refund_actions().fold(0, |sum, (_, refund)| refund.amount.amount.saturating_add(sum));
    let mut figures = vec![
        Figure { name: "Status", value: order.status.to_string() },
        money("Total", order.total.amount),
        money("Received", facts.captured()),
        money("Given back", facts.refunded()),
        money("On its way back", reserved),
        money("Lost", facts.lost()),
    ];
    if let PaymentMethod::Invoice { due_at, .. } = order.payment.method {
        figures.push(Figure { name: "Due", value: day(due_at) });
    }
    figures
}

/// `2026-11-23`
fn day(at: Timestamp) -> String {
    at.to_string().chars().take_while(|c| *c != 'T').collect()
}

#[cfg(test)]
mod tests {
    use testkit::Sample;

    use super::*;

    const SHOP: Shop<'_> = Shop { name: "Tea & Co", url: Some("https://shop.example/") };

    fn alert(event_type: EventType) -> Content {
        let id = "ord_0000000000000000000000000abcdef0".parse().unwrap();
        let (name, email) = ("Zoë Müller", "zoe@example.com");
        let placed =
            Sample { id, name, email, currency: "eur", lines: &[("MUG", "Mug", 2, 1250)], ..Sample::default() }.place();
        let event = OrderEvent { event_type, ..placed.events[0].clone() };
        Content::alert(StaffAlert::for_event(event_type).unwrap(), &event, &placed.order, SHOP).unwrap()
    }

    #[test]
    fn an_alert_in_plain_text() {
        let mail = alert(EventType::RefundFailed);
        assert_eq!(mail.subject, "[Tea & Co] Order 0ABCDEF0: refund failed");
        let expected = "Order 0ABCDEF0: refund failed

A refund was refused or given up, or the bank sent its money back to us. Its amount is free again.

Status: pending_payment
Total: 25.00 EUR
Received: 0.00 EUR
Given back: 0.00 EUR
On its way back: 0.00 EUR
Lost: 0.00 EUR

What to do: Look at the order's history. If the money is still to go back, ask for it again by POST \
/v1/orders/ord_0000000000000000000000000abcdef0/refunds with a new Idempotency-Key, or find another way with the customer.

The order: https://shop.example/orders/ord_0000000000000000000000000abcdef0

Order ord_0000000000000000000000000abcdef0, event order.refund_failed.
-- \nTea & Co";
        assert_eq!(mail.text, expected);
    }

    #[test]
    fn every_alert_names_its_order_and_what_to_do_and_nobody() {
        for (event_type, says) in [
            (EventType::Disputed, "Stripe's dashboard"),
            (EventType::ChargedBack, "don't send them"),
            (EventType::NeedsReview, "/resolve-review"),
            (EventType::RefundFailed, "/refunds"),
            (EventType::InvoiceOverdue, "/mark-paid"),
        ] {
            let mail = alert(event_type);
            for part in ["ord_0000000000000000000000000abcdef0", "25.00 EUR", event_type.as_str(), says] {
                let escaped = part.replace('\'', "&#39;");
                assert!(mail.text.contains(part) && mail.html.contains(&escaped), "{event_type}: {part}");
            }
            for part in ["Zoë", "Müller", "zoe@", "Ulm", "Mug"] {
                assert!(!mail.text.contains(part) && !mail.html.contains(part), "{event_type}: {part}");
            }
        }
    }
}
