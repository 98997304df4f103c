//! The kinds of mail, and which event causes which.

use utoipa::ToSchema;

use crate::{AccountEventType, EventType};

string_enum! {
    /// What a mail tells.
    #[derive(ToSchema)]
    pub enum MailKind {
        /// The order is paid.
        OrderConfirmation = "order_confirmation",
        /// The order was called off.
        OrderCancelled = "order_cancelled",
        /// All or part of the money is on its way back.
        OrderRefunded = "order_refunded",
        /// A link that shows that the address is this person's.
        VerifyEmail = "verify_email",
        /// Somebody tried to register with an address that has an account.
        AlreadyRegistered = "already_registered",
        /// A link that sets another password.
        ResetPassword = "reset_password",
        /// The password is another one now.
        PasswordChanged = "password_changed",
        /// A sign-in with an OpenID provider was added to the account.
        ProviderLinked = "provider_linked",
        /// An API key is about to expire.
        ApiKeyExpiring = "api_key_expiring",
        /// Something about an order's money needs people; goes to the shop, not to the customer.
        StaffAlert = "staff_alert",
    }
}

impl MailKind {
    /// The mail that this event of an order asks for, to the customer or to the shop.
    pub fn for_order_event(event_type: EventType) -> Option<Self> {
        let to_customer = OrderMail::for_event(event_type).map(Self::from);
        to_customer.or_else(|| StaffAlert::for_event(event_type).map(|_| Self::StaffAlert))
    }

    /// The mail that this account event causes.
    pub fn for_account_event(event_type: AccountEventType) -> Option<Self> {
        match event_type {
            AccountEventType::Registered => Some(Self::VerifyEmail),
            AccountEventType::RegistrationRepeated => Some(Self::AlreadyRegistered),
            AccountEventType::PasswordResetRequested => Some(Self::ResetPassword),
            AccountEventType::PasswordChanged => Some(Self::PasswordChanged),
            AccountEventType::ProviderLinked => Some(Self::ProviderLinked),
            AccountEventType::ApiKeyExpiring => Some(Self::ApiKeyExpiring),
            AccountEventType::Erased => None,
        }
    }
}

/// An alert to the shop's staff about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffAlert {
    /// A dispute or an inquiry came to another stage.
    Dispute,
    /// The payment facts contradict the order.
    NeedsReview,
    /// A refund will not be made, or its money was returned to us.
    RefundFailed,
    /// The invoice is overdue.
    InvoiceOverdue,
}

impl StaffAlert {
    /// The alert that this order event causes.
    pub fn for_event(event_type: EventType) -> Option<Self> {
        match event_type {
            EventType::DisputeUpdated => Some(Self::Dispute),
            EventType::NeedsReview => Some(Self::NeedsReview),
            EventType::RefundFailed => Some(Self::RefundFailed),
            EventType::InvoiceOverdue => Some(Self::InvoiceOverdue),
            _ => None,
        }
    }
}

/// A mail about an order to its customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderMail {
    /// It is paid.
    Confirmation,
    /// It was cancelled.
    Cancelled,
    /// All or part of the payment is refunded.
    Refunded,
}

impl OrderMail {
    /// The mail that this order event causes.
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
            (Disputed, None),
            (ChargedBack, None),
            (DisputeUpdated, Some(MailKind::StaffAlert)),
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
            (AccountEventType::ProviderLinked, Some(MailKind::ProviderLinked)),
            (AccountEventType::Erased, None),
            (AccountEventType::ApiKeyExpiring, Some(MailKind::ApiKeyExpiring)),
        ] {
            assert_eq!(MailKind::for_account_event(event_type), mail, "{event_type}");
        }
    }
}
