//! Mails to the shop's own people: what happened to an order, its figures, and what to do. Nothing personal.

use askama::Template;
use domain::{DisputeStage, DisputeUpdate, EventType, Money, Order, OrderEvent, PaymentMethod, StaffAlert, Timestamp};

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
    /// Composes the alert to the shop's staff; the figures are those of the order as it is now.
    ///
    /// # Errors
    ///
    /// [`ContentError::Render`], if a template fails.
    pub fn alert(alert: StaffAlert, event: &OrderEvent, order: &Order, shop: Shop<'_>) -> Result<Self, ContentError> {
        let (happened, paragraph) = happened(alert, event, order);
        let words = Words {
            subject: format!("[{}] Order {}: {happened}", shop.name, short(order)),
            headline: format!("Order {}: {happened}", short(order)),
            paragraph,
        };
        let order_id = order.id.to_string();
        let parts = Parts {
            shop: shop.name,
            words: &words,
            figures: figures(event, order),
            task: task(alert, event, order),
            order_url: shop.url.map(|url| format!("{}/orders/{order_id}", url.trim_end_matches('/'))),
            order_id,
            event: event.event_type,
        };
        let text = Text { parts: &parts }.render()?;
        let html = Html { parts: &parts }.render()?;
        Ok(Self { subject: words.subject, text, html })
    }
}

/// What happened, in a few words and in a sentence.
fn happened(alert: StaffAlert, event: &OrderEvent, order: &Order) -> (&'static str, String) {
    let (short, long) = match alert {
        StaffAlert::Dispute => came_to(stage(event)),
        StaffAlert::NeedsReview if order.cancellation.is_some() => (
            "needs review",
            "The order is cancelled, but its payment could not be refunded: a refund was refused or returned.",
        ),
        StaffAlert::NeedsReview => (
            "needs review",
            "A payment does not match the order: a different amount or currency, meant for another order, or a duplicate.",
        ),
        StaffAlert::RefundFailed => (
            "refund failed",
            "A refund was refused or abandoned, or the bank returned its money to us. Its amount can be refunded again.",
        ),
        StaffAlert::InvoiceOverdue => ("invoice overdue", "The invoice was not paid by its due date."),
    };
    (short, long.to_owned())
}

/// The stage that a dispute came to.
fn stage(event: &OrderEvent) -> DisputeStage {
    event.dispute.as_ref().map_or(DisputeStage::Unknown, |dispute| dispute.stage)
}

const fn came_to(stage: DisputeStage) -> (&'static str, &'static str) {
    match stage {
        DisputeStage::Inquiry => (
            "inquiry about the payment",
            "A bank asks about the payment. No money has moved, but the inquiry becomes a dispute if nobody answers.",
        ),
        DisputeStage::Chargeback => {
            ("payment disputed", "A bank disputes the payment and holds the money until it decides.")
        }
        DisputeStage::Lost => ("dispute lost", "The shop lost a dispute: the disputed money is gone."),
        DisputeStage::Appeal => {
            ("dispute in appeal", "The decision about a lost dispute is being appealed, or can be.")
        }
        DisputeStage::Won => ("dispute won", "The shop won a dispute: the money stays."),
        DisputeStage::Closed => ("dispute closed", "A dispute or an inquiry ended without a decision."),
        DisputeStage::Unknown => {
            ("dispute needs a look", "Stripe reports a dispute in a state that this version does not know.")
        }
    }
}

fn about_dispute(stage: DisputeStage) -> &'static str {
    match stage {
        DisputeStage::Inquiry => {
            "Answer the inquiry in Stripe's dashboard before its due date, or refund the payment, which ends it."
        }
        DisputeStage::Chargeback => {
            "Do not ship anything while the dispute is open. Submit evidence in Stripe's dashboard before its due date."
        }
        DisputeStage::Lost => {
            "What the dispute has left over can be refunded or shipped as usual. If nothing is left and the goods have \
             not been shipped, don't ship them; if they have, their cost is lost."
        }
        DisputeStage::Appeal => {
            "Decide in Stripe's dashboard, before the due date, whether to appeal. The money comes back if the appeal is won."
        }
        DisputeStage::Won | DisputeStage::Closed => "Nothing: the order goes on from where it was.",
        DisputeStage::Unknown => {
            "Do not ship anything yet. Look at the dispute in Stripe's dashboard; this version has to learn the new state."
        }
    }
}

fn task(alert: StaffAlert, event: &OrderEvent, order: &Order) -> String {
    let id = order.id;
    match alert {
        StaffAlert::Dispute => about_dispute(stage(event)).to_owned(),
        StaffAlert::NeedsReview => format!(
            "Do not ship anything yet. Look at the order's history and at Stripe's dashboard, then decide with POST \
             /v1/orders/{id}/resolve-review: accept (the money is correct as it is, or was refunded some other way), \
             refund_excess (refunds what exceeds the total), or refund_all (refunds everything and cancels the order)."
        ),
        StaffAlert::RefundFailed => format!(
            "Look at the order's history. If the refund is still due, request it again with POST /v1/orders/{id}/refunds \
             and a new Idempotency-Key, or agree on another way with the customer."
        ),
        StaffAlert::InvoiceOverdue => format!(
            "Check the bank account. If the money has arrived, record it with POST /v1/orders/{id}/mark-paid; if not, \
             remind the customer, or cancel the order with POST /v1/orders/{id}/cancel."
        ),
    }
}

fn figures(event: &OrderEvent, order: &Order) -> Vec<Figure> {
    let facts = &order.payment.facts;
    let money = |name, amount| Figure { name, value: Money::new(amount, order.total.currency).to_string() };
    let reserved: i64 =
        order.open_refund_actions().fold(0, |sum, (_, refund)| refund.amount.amount.saturating_add(sum));
    let mut figures = vec![
        Figure { name: "Status", value: order.status.to_string() },
        money("Total", order.total.amount),
        money("Received", facts.captured()),
        money("Refunded", facts.refunded()),
        money("Refund pending", reserved),
        money("Lost", facts.lost()),
    ];
    figures.extend(event.dispute.iter().flat_map(|update| disputed(update, order)));
    if let PaymentMethod::Invoice { due_at, .. } = order.payment.method {
        figures.push(Figure { name: "Due", value: day(due_at) });
    }
    figures
}

/// The dispute as it is known now.
fn disputed(update: &DisputeUpdate, order: &Order) -> Vec<Figure> {
    let mut figures = vec![Figure { name: "Dispute", value: update.id.to_string() }];
    if let Some(dispute) = order.payment.facts.disputes().find(|known| known.id == update.id) {
        figures.push(Figure { name: "Disputed", value: dispute.amount.to_string() });
        let due_by = dispute.due_by.filter(|_| !matches!(update.stage, DisputeStage::Won | DisputeStage::Closed));
        figures.extend(due_by.map(|at| Figure { name: "Answer due", value: Timestamp::from_seconds(at).to_string() }));
    }
    figures
}

/// `2026-11-23`
fn day(at: Timestamp) -> String {
    at.to_string().chars().take_while(|c| *c != 'T').collect()
}

#[cfg(test)]
mod tests {
    use domain::{DisputeFact, DisputeStatus, PaymentFact};
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

A refund was refused or abandoned, or the bank returned its money to us. Its amount can be refunded again.

Status: pending_payment
Total: 25.00 EUR
Received: 0.00 EUR
Refunded: 0.00 EUR
Refund pending: 0.00 EUR
Lost: 0.00 EUR

What to do: Look at the order's history. If the refund is still due, request it again with POST \
/v1/orders/ord_0000000000000000000000000abcdef0/refunds and a new Idempotency-Key, or agree on another way with the customer.

The order: https://shop.example/orders/ord_0000000000000000000000000abcdef0

Order ord_0000000000000000000000000abcdef0, event order.refund_failed.
-- \nTea & Co";
        assert_eq!(mail.text, expected);
    }

    #[test]
    fn an_alert_about_a_dispute_says_by_when_to_answer() {
        let placed = Sample { currency: "eur", lines: &[("MUG", "Mug", 2, 1250)], ..Sample::default() }.place().order;
        let (id, intent, amount) = ("du_1".into(), Some("pi_1".into()), Money::new(500, placed.total.currency));
        let (status, due_by) = (DisputeStatus::WarningNeedsResponse, Some(1_790_086_400));
        let inquiry = DisputeFact { seen_at: 1, status, withdrawn: None, amount, due_by, intent, id };
        let change = placed.apply_facts(vec![PaymentFact::Dispute(inquiry)], "c", placed.placed_at).unwrap();
        let event = change.events.iter().find(|event| event.event_type == EventType::DisputeUpdated).unwrap();
        let mail = Content::alert(StaffAlert::Dispute, event, &change.order, SHOP).unwrap();
        assert!(mail.subject.ends_with(": inquiry about the payment"), "{}", mail.subject);
        for part in
            ["Dispute: du_1\n", "Disputed: 5.00 EUR\n", "Answer due: 2026-09-22T14:13:20.000Z\n", "Answer the inquiry"]
        {
            assert!(mail.text.contains(part), "{part}: {}", mail.text);
        }
    }

    #[test]
    fn every_stage_of_a_dispute_has_words_of_its_own() {
        let said: std::collections::BTreeSet<_> = DisputeStage::ALL.map(|stage| came_to(stage).0).into();
        assert_eq!(said.len(), DisputeStage::ALL.len());
    }

    #[test]
    fn every_alert_names_its_order_and_what_to_do_and_nobody() {
        for (event_type, says) in [
            (EventType::DisputeUpdated, "Stripe's dashboard"),
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
