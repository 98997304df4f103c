//! sendgrid-webhook.
