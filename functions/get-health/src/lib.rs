//! get-health.
