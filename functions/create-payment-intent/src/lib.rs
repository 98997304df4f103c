//! create-payment-intent.
