//! What the shop decides by parameters.

use std::time::Duration;

use mail::Mailbox;
use sessions::AllowedOrigins;

/// How long orders wait for their money.
pub trait PaymentTerms {
    /// How long goods are held, and when an invoice is due.
    fn payment_terms(&self) -> domain::PaymentTerms;
}

/// What one customer's unpaid orders may hold.
pub trait ReservationLimits {
    /// How many orders, and how many pieces of one product.
    fn reservation_limits(&self) -> domain::ReservationLimits;
}

/// How far the comparison with Stripe looks back.
pub trait ReconcileWindow {
    /// How far it looks back.
    fn reconcile_window(&self) -> Duration;
}

/// Which web pages may use the refresh token's cookie.
pub trait Origins {
    /// Their origins.
    fn origins(&self) -> &AllowedOrigins;
}

/// Who sends emails, and where they lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSettings {
    /// The verified sender.
    pub from: Mailbox,
    /// Where the shop's people read of what needs them.
    pub alerts_to: Mailbox,
    /// Origin of the web app; empty if there is none.
    pub web_app: String,
    /// How long an email of unknown outcome waits for SendGrid's events.
    pub evidence_wait: Duration,
}
