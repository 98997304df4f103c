//! What mails there are, and which event asks for which.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccountEventType, EventType};

/// What a mail tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// The order is paid.
    OrderConfirmation,
    /// The order was called off.
    OrderCancelled,
    /// All or part of the money is on its way back.
    OrderRefunded,
    /// A link that shows that the address is this person's.
    VerifyEmail,
    /// Somebody tried to register with an address that has an account.
    AlreadyRegistered,
    /// A link that sets another password.
    ResetPassword,
    /// The password is another one now.
    PasswordChanged,
    /// An API key is about to expire.
    ApiKeyExpiring,
    /// Something about an order's money needs people; goes to the shop, not to the customer.
    StaffAlert,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::OrderConfirmation,
        Self::OrderCancelled,
        Self::OrderRefunded,
        Self::VerifyEmail,
        Self::AlreadyRegistered,
        Self::ResetPassword,
        Self::PasswordChanged,
        Self::ApiKeyExpiring,
        Self::StaffAlert,
    ];

    /// The mail that this event of an order asks for, to the customer or to the shop.
    pub fn for_order_event(event_type: EventType) -> Option<Self> {
        let to_customer = OrderMail::for_event(event_type).map(Self::from);
        to_customer.or_else(|| StaffAlert::for_event(event_type).map(|_| Self::StaffAlert))
    }

    /// The mail that this event of an account asks for.
    pub fn for_account_event(event_type: AccountEventType) -> Option<Self> {
        match event_type {
            AccountEventType::Registered => Some(Self::VerifyEmail),
            AccountEventType::RegistrationRepeated => Some(Self::AlreadyRegistered),
            AccountEventType::PasswordResetRequested => Some(Self::ResetPassword),
            AccountEventType::PasswordChanged => Some(Self::PasswordChanged),
            AccountEventType::ApiKeyExpiring => Some(Self::ApiKeyExpiring),
            AccountEventType::Erased => None,
        }
    }

    /// The word in keys and logs: `order_confirmation`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderConfirmation => "order_confirmation",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderRefunded => "order_refunded",
            Self::VerifyEmail => "verify_email",
            Self::AlreadyRegistered => "already_registered",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::ApiKeyExpiring => "api_key_expiring",
            Self::StaffAlert => "staff_alert",
        }
    }
}

/// What the shop's people are told of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffAlert {
    /// A bank holds its money.
    Disputed,
    /// A dispute was lost.
    ChargedBack,
    /// Its money contradicts it.
    NeedsReview,
    /// A refund will not be made, or its money came back.
    RefundFailed,
    /// Its invoice is late.
    InvoiceOverdue,
}

impl StaffAlert {
    /// The alert that this event of an order asks for.
    pub fn for_event(event_type: EventType) -> Option<Self> {
        match event_type {
            EventType::Disputed => Some(Self::Disputed),
            EventType::ChargedBack => Some(Self::ChargedBack),
            EventType::NeedsReview => Some(Self::NeedsReview),
            EventType::RefundFailed => Some(Self::RefundFailed),
            EventType::InvoiceOverdue => Some(Self::InvoiceOverdue),
            _ => None,
        }
    }
}

/// A mail about an order, to whoever placed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderMail {
    /// It is paid.
    Confirmation,
    /// It was called off.
    Cancelled,
    /// All or part of the money is on its way back.
    Refunded,
}

impl OrderMail {
    /// The mail that this event of an order asks for.
    pub fn for_event(event_type: EventType) -> Option<Self> {
        match event_type {
            EventType::Paid => Some(Self::Confirmation),
            EventType::Cancelled => Some(Self::Cancelled),
            EventType::Refunded | EventType::PartiallyRefunded => Some(Self::Refunded),
            _ => None,
        }
    }
}

impl From<OrderMail> for MailKind {
    fn from(mail: OrderMail) -> Self {
        match mail {
            OrderMail::Confirmation => Self::OrderConfirmation,
            OrderMail::Cancelled => Self::OrderCancelled,
            OrderMail::Refunded => Self::OrderRefunded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventType::*;

    #[test]
    fn an_orders_events_ask_for_their_mails() {
        for (event_type, mail) in [
            (Placed, None),
            (PaymentProcessing, None),
            (PaymentFailed, None),
            (Paid, Some(MailKind::OrderConfirmation)),
            (Fulfilled, None),
            (Cancelled, Some(MailKind::OrderCancelled)),
            (RefundDue, None),
            (VoidDue, None),
            (RefundRequested, None),
            (RefundFailed, Some(MailKind::StaffAlert)),
            (PartiallyRefunded, Some(MailKind::OrderRefunded)),
            (Refunded, Some(MailKind::OrderRefunded)),
            (Disputed, Some(MailKind::StaffAlert)),
            (ChargedBack, Some(MailKind::StaffAlert)),
            (NeedsReview, Some(MailKind::StaffAlert)),
            (InvoiceOverdue, Some(MailKind::StaffAlert)),
            (Updated, None),
        ] {
            assert_eq!(MailKind::for_order_event(event_type), mail, "{event_type}");
        }
    }

    #[test]
    fn an_accounts_events_ask_for_their_mails() {
        for (event_type, mail) in [
            (AccountEventType::Registered, Some(MailKind::VerifyEmail)),
            (AccountEventType::RegistrationRepeated, Some(MailKind::AlreadyRegistered)),
            (AccountEventType::PasswordResetRequested, Some(MailKind::ResetPassword)),
            (AccountEventType::PasswordChanged, Some(MailKind::PasswordChanged)),
            (AccountEventType::Erased, None),
            (AccountEventType::ApiKeyExpiring, Some(MailKind::ApiKeyExpiring)),
        ] {
            assert_eq!(MailKind::for_account_event(event_type), mail, "{event_type}");
        }
    }
}
