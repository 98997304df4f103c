//! An entry of an order's history.

use domain::{
    Actor, Currency, Delivery, EventId, EventType, LedgerEntry, LedgerKind, MailEffect, MailKind, OrderEvent,
    OrderStatus, Sending, Timestamp,
};
use serde::Serialize;
use store::{Receipt, ReceiptSource, SheetRow};
use utoipa::ToSchema;

/// An entry of an order's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryEntry {
    /// A published event.
    Event {
        /// When it happened.
        at: Timestamp,
        /// `evt_…`
        event_id: EventId,
        /// What happened.
        #[serde(rename = "type")]
        event_type: EventType,
        /// The order's status after it.
        status: OrderStatus,
        /// The order's version that it belongs to.
        order_version: u64,
        /// The person or service whose request it is, for callers who may list all orders. Absent in what happens by
        /// itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        actor: Option<Actor>,
        /// What caused it.
        correlation_id: String,
    },
    /// A webhook received from Stripe.
    Webhook {
        /// When it was received.
        at: Timestamp,
        /// Stripe's id.
        event_id: String,
        /// Stripe's type.
        #[serde(rename = "type")]
        event_type: String,
        /// When it happened at Stripe.
        created: Timestamp,
        /// The correlation id of the request that received it.
        correlation_id: String,
    },
    /// New facts from an answer of Stripe's, or recorded by staff.
    Answer {
        /// When it was received.
        at: Timestamp,
        /// The source: `checkout`, `settlement`, `reconciliation`, `expiry` or `staff`.
        source: &'static str,
        /// Who recorded it, for callers who may list all orders.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        actor: Option<Actor>,
        /// The correlation id of the request.
        correlation_id: String,
    },
    /// A movement of money: an entry of the order's ledger.
    Ledger {
        /// When it was booked.
        at: Timestamp,
        /// The kind of movement.
        entry: LedgerKind,
        /// Stripe's id of the intent, refund or dispute, or the transfer's reference.
        object: String,
        /// In minor units: positive when received, negative when paid out.
        amount: i64,
        /// ISO 4217, lower case.
        currency: Currency,
        /// The order's version that it belongs to.
        order_version: u64,
        /// The request or webhook that reported it.
        correlation_id: String,
    },
    /// An email.
    Mail {
        /// When it reached this state.
        at: Timestamp,
        /// The kind of email.
        mail: MailKind,
        /// The state of sending.
        state: MailState,
        /// The state of delivery.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        delivery: Option<Delivery>,
        /// How many attempts had an unknown outcome; above 0, the customer may have received it more than once.
        doubts: u32,
        /// What caused it.
        correlation_id: String,
    },
    /// The order's row in the sheet, for callers who may list all orders.
    Row {
        /// When the order was last seen in it.
        at: Timestamp,
        /// Its number.
        row: u32,
        /// The order's version that was seen in it.
        order_version: u64,
    },
}

/// The state of sending an email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It is being sent.
    Claimed,
    /// It may have been sent.
    Unknown,
    /// SendGrid has it.
    Sent,
    /// SendGrid refused it.
    Refused,
    /// It is not sent: nobody paid for the order, and its address, which the account has not verified, has had enough
    /// of such emails.
    Withheld,
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

    /// The same without who did it: customers do not see the ids of staff.
    #[must_use]
    pub fn without_actor(mut self) -> Self {
        if let Self::Event { actor, .. } | Self::Answer { actor, .. } = &mut self {
            *actor = None;
        }
        self
    }

    /// The entry of an email; `None` before the first attempt to send it.
    pub fn of_mail(effect: &MailEffect) -> Option<Self> {
        let (state, at) = match &effect.sending {
            Sending::Free => return None,
            Sending::Claimed { at, .. } => (MailState::Claimed, *at),
            Sending::Unknown { since } => (MailState::Unknown, *since),
            Sending::Sent { at, .. } => (MailState::Sent, *at),
            Sending::Refused { at, .. } => (MailState::Refused, *at),
            Sending::Withheld { at } => (MailState::Withheld, *at),
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

    /// The entry of a row; `None` while nothing was seen in it.
    pub fn of_row(row: &SheetRow) -> Option<Self> {
        let SheetRow { row, written_version: order_version, written_at: at, .. } = *row;
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
            actor: event.actor,
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
            return Self::Answer { at, source: receipt.source.as_str(), actor: receipt.actor, correlation_id };
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
