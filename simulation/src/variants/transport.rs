//! Requests to providers that carry less.

use std::rc::Rc;

use super::Variant;
use crate::world::Build;

/// Stripe cannot tell a second try from a second wish.
pub const NO_IDEMPOTENCY_KEY: Variant =
    Variant::new("no idempotency key", "requests to Stripe carry no Idempotency-Key", || Build {
        meddler: Some(Rc::new(|request| {
            request.headers_mut().remove("idempotency-key");
        })),
        ..Build::default()
    });
