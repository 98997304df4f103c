//! Errors of Stripe, by who has to act.

use std::time::Duration;

use resilience::{TransportError, Verdict};

use crate::AmountError;

/// Why Stripe did not do what it was asked. Carries Stripe's codes, never its free text, which quotes what was sent.
///
/// Codes: <https://docs.stripe.com/error-codes>.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// The bank said no: the customer acts.
    #[error("declined ({})", code.as_deref().unwrap_or("no code"))]
    Declined {
        /// Such as `card_declined`.
        code: Option<String>,
        /// The bank's reason, such as `insufficient_funds`.
        decline_code: Option<String>,
    },
    /// The request is wrong, or the object is not in a state for it: repeating it changes nothing.
    #[error("refused ({} {})", code.as_deref().unwrap_or("no code"), param.as_deref().unwrap_or(""))]
    Invalid {
        /// Such as `resource_missing` or `payment_intent_unexpected_state`.
        code: Option<String>,
        /// The parameter at fault.
        param: Option<String>,
        /// Stripe's name for the request, for its support and its dashboard.
        request_id: Option<String>,
    },
    /// The amount cannot be charged; Stripe was not asked.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// Too many requests: try again later, with the same key.
    #[error("rate limited")]
    RateLimited {
        /// The wait that Stripe requests, which it rarely does.
        retry_after: Option<Duration>,
    },
    /// Another request with this idempotency key is still running: try again, its result will come back.
    #[error("idempotency key in use")]
    KeyInUse,
    /// This idempotency key was used with other parameters: by an earlier release of ours.
    #[error("idempotency key used with other parameters")]
    KeyReused,
    /// Stripe saved a failure (a 500) under this idempotency key and will only ever replay it. Whether it had an effect
    /// is for Stripe's state to say; another try needs another key.
    #[error("idempotency key replays a saved failure")]
    KeySpent,
    /// Stripe failed or was not reached: trying again with the same key is safe.
    #[error("stripe unavailable")]
    Unavailable {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// Whether it is worth while at once: not where Stripe says that it isn't.
        at_once: bool,
        /// What kept the request from leaving.
        #[source]
        source: Option<TransportError>,
    },
    /// The request left and no answer came. With the same idempotency key another try is safe for 24 hours, after that
    /// only a look at Stripe's state is.
    #[error("stripe may or may not have acted")]
    OutcomeUnknown(#[source] TransportError),
    /// Stripe does not take the API key, or the key may not do this: an operator acts.
    #[error("stripe refused the API key ({status})")]
    Unauthorized {
        /// 401 or 403.
        status: u16,
    },
    /// Stripe answered something that is not the object it promises.
    #[error("stripe's answer cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// The request cannot be written down: a base address or an id with illegal characters.
    #[error("cannot build the request")]
    Unbuildable(#[from] http::Error),
}

impl StripeError {
    /// Whether another try of the same request, with the same key, can end differently.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::RateLimited { retry_after } => Verdict::Retry { after: *retry_after },
            Self::KeyInUse | Self::Unavailable { at_once: true, .. } | Self::OutcomeUnknown(_) => Verdict::RETRY,
            _ => Verdict::GiveUp,
        }
    }

    /// Whether the object is not there.
    pub fn is_missing(&self) -> bool {
        self.has_code("resource_missing")
    }

    /// Whether the payment intent is past the step that was asked for.
    pub fn is_unexpected_state(&self) -> bool {
        self.has_code("payment_intent_unexpected_state")
    }

    /// Whether Stripe, or we in its place, refused what was asked, for good.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Invalid { .. } | Self::Amount(_) | Self::Declined { .. })
    }

    /// Stripe's own word for why it said no: `charge_disputed`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Declined { code, .. } | Self::Invalid { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    fn has_code(&self, wanted: &str) -> bool {
        matches!(self, Self::Invalid { .. }) && self.code() == Some(wanted)
    }
}

impl From<TransportError> for StripeError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NotSent(_) => Self::Unavailable { status: None, at_once: true, source: Some(error) },
            TransportError::OutcomeUnknown(_) => Self::OutcomeUnknown(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(code: Option<&str>) -> StripeError {
        StripeError::Invalid { code: code.map(str::to_owned), param: None, request_id: None }
    }

    #[test]
    fn a_refusal_is_known_by_its_own_code_and_no_other() {
        let declined = StripeError::Declined { code: Some("resource_missing".to_owned()), decline_code: None };
        for (error, is_missing, is_unexpected_state) in [
            (invalid(Some("resource_missing")), true, false),
            (invalid(Some("payment_intent_unexpected_state")), false, true),
            (invalid(Some("parameter_missing")), false, false),
            (invalid(None), false, false),
            (declined, false, false),
            (StripeError::KeyInUse, false, false),
        ] {
            assert_eq!((error.is_missing(), error.is_unexpected_state()), (is_missing, is_unexpected_state), "{error}");
        }
    }
}
