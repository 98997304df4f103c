//! The pages: all payments with buttons, and the bank's 3-D Secure page.

use askama::Template;
use bytes::Bytes;
use domain::Timestamp;
use http::Response;

use super::{
    Answer, Stripe,
    collection::Resource,
    currency,
    disputes::Dispute,
    payment_intents::{PaymentIntent, Status},
    refunds::{Refund, RefundStatus},
};
use crate::answer;

const SHOWN: usize = 50;

/// What the page offers to pay with.
const METHODS: [(&str, &str); 7] = [
    ("pm_card_visa", "Visa 4242"),
    ("pm_card_visa_chargeDeclined", "declined"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient funds"),
    ("pm_card_threeDSecure2Required", "3-D Secure"),
    ("pm_usBankAccount_success", "US bank debit (usd)"),
    ("pm_sepaDebit_success", "SEPA debit (eur)"),
    ("pm_card_refundFail", "refunds fail later"),
];

#[derive(Template)]
#[template(path = "stripe.html")]
struct Page {
    payments: Vec<Payment>,
    events: Vec<EventRow>,
    methods: [(&'static str, &'static str); 7],
}

struct Payment {
    id: String,
    created: String,
    order: String,
    amount: String,
    status: &'static str,
    note: String,
    open: bool,
    cancelable: bool,
    refundable: i64,
    refunds: Vec<Part>,
    disputes: Vec<Part>,
}

/// A refund or a dispute.
struct Part {
    id: String,
    amount: String,
    status: &'static str,
    can_change: bool,
}

struct EventRow {
    id: String,
    created: String,
    kind: String,
    object: String,
    delivery: &'static str,
}

#[derive(Template)]
#[template(path = "authenticate.html")]
struct Authenticate<'a> {
    id: &'a str,
    amount: String,
    status: &'static str,
    waiting: bool,
}

impl Stripe {
    /// `/_sandbox/stripe`.
    pub(super) fn page(&self) -> Response<Bytes> {
        let payments = self.intents.newest_first().take(SHOWN).map(|intent| self.payment(intent)).collect();
        let events = self.events.newest_first().take(SHOWN).map(|event| EventRow {
            id: event.id.clone(),
            created: time(event.created),
            kind: event.kind.clone(),
            object: event.view()["data"]["object"]["id"].as_str().unwrap_or_default().to_owned(),
            delivery: match event.undelivered.as_slice() {
                [] if event.endpoints == 0 => "no endpoint asked for it",
                [] => "taken",
                undelivered if undelivered.iter().all(|waiting| waiting.given_up) => "given up",
                _ => "on its way",
            },
        });
        render(&Page { payments, events: events.collect(), methods: METHODS })
    }

    /// The bank's page for a payment that asks for 3-D Secure.
    pub(super) fn authentication_page(&self, id: &str) -> Response<Bytes> {
        match self.intents.get(id) {
            Ok(intent) => render(&Authenticate {
                id: &intent.id,
                amount: currency::format(intent.amount, &intent.currency),
                status: intent.status.name(),
                waiting: intent.status == Status::RequiresAction,
            }),
            Err(error) => error.response(),
        }
    }

    /// Where a browser goes after a button: back to the shop from the bank's page, to the list otherwise.
    pub(super) fn after_button(&self, path: &[&str], answer: &Answer) -> Response<Bytes> {
        match (path, answer) {
            (["payment_intents", id, "authenticate"], Ok(_)) => answer::see_other(&self.return_url(id)),
            (_, Ok(_)) => answer::see_other("/_sandbox/stripe"),
            (_, Err(error)) => error.response(),
        }
    }

    /// The shop's return page with Stripe's parameters (docs.stripe.com/payments/3d-secure).
    fn return_url(&self, id: &str) -> String {
        let Some(intent) = self.intents.find(id) else { return "/_sandbox/stripe".to_owned() };
        let Some(url) = &intent.return_url else { return "/_sandbox/stripe".to_owned() };
        let passed = matches!(intent.status, Status::Succeeded | Status::RequiresCapture | Status::Processing);
        let separator = if url.contains('?') { '&' } else { '?' };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("payment_intent", id)
            .append_pair("payment_intent_client_secret", &intent.client_secret)
            .append_pair("redirect_status", if passed { "succeeded" } else { "failed" })
            .finish();
        format!("{url}{separator}{query}")
    }

    fn payment(&self, intent: &PaymentIntent) -> Payment {
        let charge = intent.latest_charge.as_deref().and_then(|id| self.charges.find(id));
        let held = self.disputes.of(&intent.id).any(|dispute| dispute.status.is_open_chargeback());
        let error = intent.last_payment_error.as_ref().and_then(|error| error["message"].as_str());
        Payment {
            id: intent.id.clone(),
            created: time(intent.created),
            order: intent.metadata.get("order_id").cloned().unwrap_or_default(),
            amount: currency::format(intent.amount, &intent.currency),
            status: intent.status.name(),
            note: error.unwrap_or_default().to_owned(),
            open: intent.status.is_open(),
            cancelable: intent.status.is_open() || intent.status == Status::RequiresCapture,
            refundable: charge.filter(|_| !held).map_or(0, |charge| self.left_of(charge)),
            refunds: self.refunds.of(&intent.id).map(refund).collect(),
            disputes: self.disputes.of(&intent.id).map(dispute).collect(),
        }
    }
}

fn refund(refund: &Refund) -> Part {
    let can_change = matches!(refund.status, RefundStatus::Succeeded | RefundStatus::Pending);
    let amount = currency::format(refund.amount, &refund.currency);
    Part { id: refund.id.clone(), amount, status: refund.status.name(), can_change }
}

fn dispute(dispute: &Dispute) -> Part {
    let can_change = !dispute.status.is_closed();
    let amount = currency::format(dispute.amount, &dispute.currency);
    Part { id: dispute.id.clone(), amount, status: dispute.status.name(), can_change }
}

/// Date and time to the second.
fn time(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).to_string().chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

fn render(page: &impl Template) -> Response<Bytes> {
    page.render().map_or_else(|error| answer::problem(500, &error.to_string()), answer::html)
}
