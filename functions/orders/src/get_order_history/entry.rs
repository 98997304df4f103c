//! One thing that happened to an order, here or outside.

use domain::{
    Currency, Delivery, EventId, EventType, LedgerEntry, LedgerKind, MailEffect, MailKind, OrderEvent, OrderStatus,
    Sending, Timestamp,
};
use serde::Serialize;
use store::{Receipt, ReceiptSource, SheetRow};
use utoipa::ToSchema;

/// A hop of an order's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryEntry {
    /// An event of ours, published to whoever listens.
    Event {
        /// When it happened.
        at: Timestamp,
        /// `evt_…`
        event_id: EventId,
        /// What happened.
        #[serde(rename = "type")]
        event_type: EventType,
        /// Where the order stood then.
        status: OrderStatus,
        /// The order's version that it came with.
        order_version: u64,
        /// What caused it.
        correlation_id: String,
    },
    /// A webhook of Stripe's that was taken in.
    Webhook {
        /// When it was taken in.
        at: Timestamp,
        /// Stripe's id.
        event_id: String,
        /// Stripe's type.
        #[serde(rename = "type")]
        event_type: String,
        /// When it happened at Stripe.
        created: Timestamp,
        /// Under which id it was taken in.
        correlation_id: String,
    },
    /// What Stripe answered when it was asked, or staff said, and was news.
    Answer {
        /// When it was taken in.
        at: Timestamp,
        /// Who asked: `checkout`, `settlement`, `reconciliation`, `expiry` or `staff`.
        source: &'static str,
        /// Follows the request that asked.
        correlation_id: String,
    },
    /// Money that came or went: an entry of the order's ledger.
    Ledger {
        /// When it was booked.
        at: Timestamp,
        /// What it was.
        entry: LedgerKind,
        /// Stripe's id of the intent, refund or dispute, or the transfer's reference.
        object: String,
        /// In minor units: above zero it came, below it went.
        amount: i64,
        /// ISO 4217, lower case.
        currency: Currency,
        /// The order's version that it came with.
        order_version: u64,
        /// The request or webhook that told of it.
        correlation_id: String,
    },
    /// A mail, as far as it is known.
    Mail {
        /// When the sending came to where it is.
        at: Timestamp,
        /// Which mail.
        mail: MailKind,
        /// How far the sending is.
        state: MailState,
        /// How far it got on the other side.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        delivery: Option<Delivery>,
        /// How often its outcome was unknown; above 0, the customer may have it twice.
        doubts: u32,
        /// What caused it.
        correlation_id: String,
    },
    /// The order's row in the sheet.
    Row {
        /// When the order was last seen in it.
        at: Timestamp,
        /// Its number.
        row: u32,
        /// The order's version that was seen in it.
        order_version: u64,
    },
}

/// How far a mail's sending is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// Somebody is at it.
    Claimed,
    /// Nobody knows whether it was sent.
    Unknown,
    /// SendGrid has it.
    Sent,
    /// SendGrid does not want it.
    Refused,
}

impl HistoryEntry {
    /// When.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Event { at, .. }
            | Self::Webhook { at, .. }
            | Self::Answer { at, .. }
            | Self::Ledger { at, .. }
            | Self::Mail { at, .. }
            | Self::Row { at, .. } => *at,
        }
    }

    /// A mail's hop; none while nobody has tried to send it.
    pub fn of_mail(effect: &MailEffect) -> Option<Self> {
        let (state, at) = match &effect.sending {
            Sending::Free => return None,
            Sending::Claimed { at, .. } => (MailState::Claimed, *at),
            Sending::Unknown { since } => (MailState::Unknown, *since),
            Sending::Sent { at, .. } => (MailState::Sent, *at),
            Sending::Refused { at, .. } => (MailState::Refused, *at),
        };
        Some(Self::Mail {
            at,
            mail: effect.id.kind,
            state,
            delivery: effect.delivery,
            doubts: effect.doubts,
            correlation_id: effect.correlation_id.clone(),
        })
    }

    /// A row's hop; none while nothing was seen in it.
    pub fn of_row(row: SheetRow) -> Option<Self> {
        let SheetRow { row, written_version: order_version, written_at: at } = row;
        (order_version > 0).then_some(Self::Row { at, row, order_version })
    }
}

impl From<&OrderEvent> for HistoryEntry {
    fn from(event: &OrderEvent) -> Self {
        Self::Event {
            at: event.at,
            event_id: event.event_id,
            event_type: event.event_type,
            status: event.status,
            order_version: event.order_version,
            correlation_id: event.correlation_id.clone(),
        }
    }
}

impl From<&LedgerEntry> for HistoryEntry {
    fn from(entry: &LedgerEntry) -> Self {
        Self::Ledger {
            at: entry.at,
            entry: entry.kind,
            object: entry.object.clone(),
            amount: entry.amount.amount,
            currency: entry.amount.currency,
            order_version: entry.order_version,
            correlation_id: entry.correlation_id.clone(),
        }
    }
}

impl From<&Receipt> for HistoryEntry {
    fn from(receipt: &Receipt) -> Self {
        if receipt.source != ReceiptSource::Webhook {
            let (at, correlation_id) = (receipt.received_at, receipt.correlation_id.clone());
            return Self::Answer { at, source: receipt.source.as_str(), correlation_id };
        }
        Self::Webhook {
            at: receipt.received_at,
            event_id: receipt.event_id.clone(),
            event_type: receipt.event_type.clone(),
            created: Timestamp::from_seconds(receipt.created),
            correlation_id: receipt.correlation_id.clone(),
        }
    }
}
