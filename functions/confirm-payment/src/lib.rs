//! confirm-payment.
