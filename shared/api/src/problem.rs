//! Problem details (RFC 9457): what every failed request is answered with.

use domain::OrderStatus;
use http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Every kind of problem that the API answers with. Its URI is stable: clients may branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemType {
    /// The body is not JSON.
    MalformedBody,
    /// The request needs an `Idempotency-Key` and has none.
    IdempotencyKeyMissing,
    /// The `Idempotency-Key` is too long or has characters that it may not have.
    IdempotencyKeyMalformed,
    /// Nobody is signed in.
    Unauthenticated,
    /// Wrong address or password.
    InvalidCredentials,
    /// The refresh token is no good, or no longer.
    SessionEnded,
    /// The address still has to be verified.
    EmailNotVerified,
    /// The link is no good, or no longer.
    LinkInvalid,
    /// The caller's role does not allow it.
    Forbidden,
    /// A webhook's message is not signed as it should be.
    InvalidSignature,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// Method not allowed.
    MethodNotAllowed,
    /// The client takes nothing that the answer could be.
    NotAcceptable,
    /// More requests than the limit allows.
    TooManyRequests,
    /// Not enough of a product is left.
    OutOfStock,
    /// The product's stock is another one than the request says.
    StockConflict,
    /// The order is past the point where it can be called off.
    TooLateToCancel,
    /// The order is past the point where it can be edited.
    TooLateToEdit,
    /// The order cannot be fulfilled.
    OrderNotFulfillable,
    /// The order does not wait for money.
    NotAwaitingPayment,
    /// The order waits for no bank transfer.
    NotAwaitingTransfer,
    /// The bank transfer is not of the order's total.
    AmountMismatch,
    /// Nothing of the order's money can be given back on request now.
    NotRefundable,
    /// More is to be given back than what is left.
    RefundTooLarge,
    /// Stripe refused the refund for good.
    RefundRefused,
    /// Nothing about the order's money needs a decision.
    NothingToReview,
    /// There is no money above the order's total.
    NoExcess,
    /// The body is longer than [`MAX_BODY`](crate::MAX_BODY).
    BodyTooLarge,
    /// The body is not said to be JSON.
    UnsupportedMediaType,
    /// A field or parameter has a value that it may not have, is missing, or should not be there.
    InvalidField,
    /// The `Idempotency-Key` was used for another request.
    IdempotencyKeyReused,
    /// Our mistake.
    InternalError,
    /// Stripe cannot be asked now.
    PaymentUnavailable,
    /// A part of ours is out of reach or busy.
    ServiceUnavailable,
}

use ProblemType as P;

impl ProblemType {
    /// Every kind.
    pub const ALL: [Self; 34] = [
        P::MalformedBody,
        P::IdempotencyKeyMissing,
        P::IdempotencyKeyMalformed,
        P::Unauthenticated,
        P::InvalidCredentials,
        P::SessionEnded,
        P::EmailNotVerified,
        P::LinkInvalid,
        P::Forbidden,
        P::InvalidSignature,
        P::NotFound,
        P::MethodNotAllowed,
        P::NotAcceptable,
        P::TooManyRequests,
        P::OutOfStock,
        P::StockConflict,
        P::TooLateToCancel,
        P::TooLateToEdit,
        P::OrderNotFulfillable,
        P::NotAwaitingPayment,
        P::NotAwaitingTransfer,
        P::AmountMismatch,
        P::NotRefundable,
        P::RefundTooLarge,
        P::RefundRefused,
        P::NothingToReview,
        P::NoExcess,
        P::BodyTooLarge,
        P::UnsupportedMediaType,
        P::InvalidField,
        P::IdempotencyKeyReused,
        P::InternalError,
        P::PaymentUnavailable,
        P::ServiceUnavailable,
    ];

    /// The `type`: a URI reference, relative to the API's origin.
    pub const fn uri(self) -> &'static str {
        self.row().0
    }

    /// The status that it is answered with: the one map from problems to HTTP.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }

    /// The `title`: the same for every occurrence.
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            P::MalformedBody => ("/problems/malformed-body", StatusCode::BAD_REQUEST, "The body is not JSON"),
            P::IdempotencyKeyMissing => (
                "/problems/idempotency-key-missing",
                StatusCode::BAD_REQUEST,
                "The request needs an Idempotency-Key header",
            ),
            P::IdempotencyKeyMalformed => (
                "/problems/idempotency-key-malformed",
                StatusCode::BAD_REQUEST,
                "The Idempotency-Key header cannot be used",
            ),
            P::Unauthenticated => ("/problems/unauthenticated", StatusCode::UNAUTHORIZED, "Authentication required"),
            P::InvalidCredentials => {
                ("/problems/invalid-credentials", StatusCode::UNAUTHORIZED, "Wrong email address or password")
            }
            P::SessionEnded => ("/problems/session-ended", StatusCode::UNAUTHORIZED, "The session has ended"),
            P::EmailNotVerified => {
                ("/problems/email-not-verified", StatusCode::FORBIDDEN, "The email address is not verified")
            }
            P::LinkInvalid => ("/problems/link-invalid", StatusCode::BAD_REQUEST, "The link is not valid"),
            P::Forbidden => ("/problems/forbidden", StatusCode::FORBIDDEN, "Not allowed"),
            P::InvalidSignature => ("/problems/invalid-signature", StatusCode::BAD_REQUEST, "The signature is invalid"),
            P::NotFound => ("/problems/not-found", StatusCode::NOT_FOUND, "Not found"),
            P::MethodNotAllowed => {
                ("/problems/method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
            }
            P::NotAcceptable => ("/problems/not-acceptable", StatusCode::NOT_ACCEPTABLE, "No acceptable media type"),
            P::TooManyRequests => ("/problems/too-many-requests", StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            P::OutOfStock => ("/problems/out-of-stock", StatusCode::CONFLICT, "Out of stock"),
            P::StockConflict => ("/problems/stock-conflict", StatusCode::CONFLICT, "Stock has changed"),
            P::TooLateToCancel => {
                ("/problems/too-late-to-cancel", StatusCode::CONFLICT, "The order can no longer be cancelled")
            }
            P::TooLateToEdit => {
                ("/problems/too-late-to-edit", StatusCode::CONFLICT, "The order can no longer be edited")
            }
            P::OrderNotFulfillable => {
                ("/problems/order-not-fulfillable", StatusCode::CONFLICT, "The order cannot be fulfilled")
            }
            P::NotAwaitingPayment => {
                ("/problems/not-awaiting-payment", StatusCode::CONFLICT, "The order is not awaiting payment")
            }
            P::NotAwaitingTransfer => {
                ("/problems/not-awaiting-transfer", StatusCode::CONFLICT, "The order is not awaiting a bank transfer")
            }
            P::AmountMismatch => {
                ("/problems/amount-mismatch", StatusCode::CONFLICT, "The transfer does not match the order's total")
            }
            P::NotRefundable => ("/problems/not-refundable", StatusCode::CONFLICT, "The order cannot be refunded now"),
            P::RefundTooLarge => {
                ("/problems/refund-too-large", StatusCode::CONFLICT, "Refund exceeds the refundable amount")
            }
            P::RefundRefused => {
                ("/problems/refund-refused", StatusCode::CONFLICT, "The payment provider refused the refund")
            }
            P::NothingToReview => ("/problems/nothing-to-review", StatusCode::CONFLICT, "There is nothing to review"),
            P::NoExcess => ("/problems/no-excess", StatusCode::CONFLICT, "There is no excess payment"),
            P::BodyTooLarge => ("/problems/body-too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            P::UnsupportedMediaType => {
                ("/problems/unsupported-media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be JSON")
            }
            P::InvalidField => ("/problems/invalid-field", StatusCode::UNPROCESSABLE_ENTITY, "Invalid value"),
            P::IdempotencyKeyReused => (
                "/problems/idempotency-key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The Idempotency-Key was used for another request",
            ),
            P::InternalError => {
                ("/problems/internal-error", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side")
            }
            P::PaymentUnavailable => (
                "/problems/payment-unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The payment provider is unavailable",
            ),
            P::ServiceUnavailable => {
                ("/problems/service-unavailable", StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment")
            }
        }
    }
}

impl Serialize for ProblemType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.uri())
    }
}

/// The body of a failed request's answer, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Which kind.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: ProblemType,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status once more.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong with this request, for whoever sent it.
    pub detail: String,
    /// The field of the body, or the parameter, that is at fault: `lines[0].quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// Where the order stands, when that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_status: Option<OrderStatus>,
    /// What one refund may give back at most, in minor units of the order's currency, when more was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub refundable: Option<i64>,
    /// Pieces that can be ordered now, when the request says that there were others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Int64)]
    pub stock: Option<u32>,
    /// The payment provider's own word for why it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "charge_disputed")]
    pub provider_code: Option<String>,
    /// What to quote when asking for help.
    pub correlation_id: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_has_a_uri_of_its_own_and_an_error_status() {
        let uris: BTreeSet<_> = ProblemType::ALL.map(ProblemType::uri).into();
        assert_eq!(uris.len(), ProblemType::ALL.len());
        for kind in ProblemType::ALL {
            assert!(kind.uri().starts_with("/problems/"), "{kind:?}");
            assert!(kind.status().is_client_error() || kind.status().is_server_error(), "{kind:?}");
        }
    }
}
