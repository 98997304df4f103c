//! stripe-webhook.
