//! Problem details (RFC 9457): the response to every failed request.

use domain::OrderStatus;
use http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// The problem types of the API. Their URIs are stable: clients may branch on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemType {
    /// The body is not JSON.
    MalformedBody,
    /// The request needs an `Idempotency-Key` and has none.
    IdempotencyKeyMissing,
    /// The `Idempotency-Key` is too long or has invalid characters.
    IdempotencyKeyMalformed,
    /// The request has no valid token or key.
    Unauthenticated,
    /// Wrong email address or password.
    InvalidCredentials,
    /// The refresh token is invalid, expired or revoked.
    SessionEnded,
    /// The email address is not verified.
    EmailNotVerified,
    /// The link is invalid, expired or already used.
    LinkInvalid,
    /// The caller's role does not allow it.
    Forbidden,
    /// A webhook's signature is invalid.
    InvalidSignature,
    /// The resource does not exist, or the caller must not know of it.
    NotFound,
    /// Method not allowed.
    MethodNotAllowed,
    /// The client accepts none of the function's media types.
    NotAcceptable,
    /// More requests than the limit allows.
    TooManyRequests,
    /// There is not enough stock of a product.
    OutOfStock,
    /// The product's stock is not the one that the request expects.
    StockConflict,
    /// The order can no longer be cancelled.
    TooLateToCancel,
    /// The order can no longer be edited.
    TooLateToEdit,
    /// The order cannot be fulfilled.
    OrderNotFulfillable,
    /// The order is not awaiting payment.
    NotAwaitingPayment,
    /// The order is not awaiting a bank transfer.
    NotAwaitingTransfer,
    /// The bank transfer does not match the order's total.
    AmountMismatch,
    /// The order cannot be refunded now.
    NotRefundable,
    /// The refund exceeds the refundable amount.
    RefundTooLarge,
    /// Stripe refused the refund for good.
    RefundRefused,
    /// The order needs no review.
    NothingToReview,
    /// There is no payment above the order's total.
    NoExcess,
    /// The body is longer than [`MAX_BODY`](crate::MAX_BODY).
    BodyTooLarge,
    /// The body's type is not JSON.
    UnsupportedMediaType,
    /// A field or parameter is invalid, missing or unknown.
    InvalidField,
    /// The `Idempotency-Key` was used for another request.
    IdempotencyKeyReused,
    /// A bug of ours.
    InternalError,
    /// Stripe is unavailable.
    PaymentUnavailable,
    /// A part of the system is unavailable or busy.
    ServiceUnavailable,
}

use ProblemType as P;

impl ProblemType {
    /// Every type.
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

    /// The HTTP status: the one map from problems to statuses.
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

/// The body of an error response, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The type.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: ProblemType,
    /// The type in words.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong with this request.
    pub detail: String,
    /// The invalid field of the body, or parameter: `lines[0].quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// The order's status, when that is the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub order_status: Option<OrderStatus>,
    /// The most that one refund may refund, in minor units of the order's currency, when the request exceeds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub refundable: Option<i64>,
    /// The current stock, when the request expects another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Int64)]
    pub stock: Option<u32>,
    /// The payment provider's code for its refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "charge_disputed")]
    pub provider_code: Option<String>,
    /// The id to quote when asking for help.
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
