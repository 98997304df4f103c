//! Problem details (RFC 9457): the response to every failed request.

use domain::OrderStatus;
use http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Declares the kinds of problem, each with its `type` (what stands after `/problems/`), HTTP status and `title`.
macro_rules! problems {
    ($($(#[$note:meta])* $kind:ident = $slug:literal, $status:ident, $title:literal;)+) => {
        /// Every kind of problem that the API answers with. Its URI is stable: clients may branch on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProblemType {
            $($(#[$note])* $kind,)+
        }

        impl ProblemType {
            /// Every kind.
            pub const ALL: [Self; [$($slug),+].len()] = [$(Self::$kind),+];

            const fn row(self) -> (&'static str, StatusCode, &'static str) {
                match self {
                    $(Self::$kind => (concat!("/problems/", $slug), StatusCode::$status, $title),)+
                }
            }
        }
    };
}

problems! {
    /// The body is not JSON.
    MalformedBody = "malformed-body", BAD_REQUEST, "The body is not JSON";
    /// The request needs an `Idempotency-Key` and has none.
    IdempotencyKeyMissing = "idempotency-key-missing", BAD_REQUEST, "The request needs an Idempotency-Key header";
    /// The `Idempotency-Key` is too long or has invalid characters.
    IdempotencyKeyMalformed = "idempotency-key-malformed", BAD_REQUEST, "The Idempotency-Key header cannot be used";
    /// The request has no valid token or key.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Authentication required";
    /// Wrong email address or password.
    InvalidCredentials = "invalid-credentials", UNAUTHORIZED, "Wrong email address or password";
    /// The caller signed in too long ago (RFC 9470).
    InsufficientUserAuthentication = "insufficient-user-authentication", UNAUTHORIZED, "A fresh sign-in is required";
    /// The refresh token is invalid, expired or revoked.
    SessionEnded = "session-ended", UNAUTHORIZED, "The session has ended";
    /// The email address is not verified.
    EmailNotVerified = "email-not-verified", FORBIDDEN, "The email address is not verified";
    /// The link is invalid, expired or already used.
    LinkInvalid = "link-invalid", BAD_REQUEST, "The link is not valid";
    /// The caller's role does not allow it.
    Forbidden = "forbidden", FORBIDDEN, "Not allowed";
    /// A webhook's signature is invalid.
    InvalidSignature = "invalid-signature", BAD_REQUEST, "The signature is invalid";
    /// A webhook's signature is valid, and its body is not what the provider sends.
    UnreadableDelivery = "unreadable-delivery", BAD_REQUEST, "The delivery cannot be read";
    /// The resource does not exist, or the caller must not know of it.
    NotFound = "not-found", NOT_FOUND, "Not found";
    /// Method not allowed.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The client accepts none of the function's media types.
    NotAcceptable = "not-acceptable", NOT_ACCEPTABLE, "No acceptable media type";
    /// More requests than the limit allows.
    TooManyRequests = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests";
    /// There is not enough stock of a product.
    OutOfStock = "out-of-stock", CONFLICT, "Out of stock";
    /// The customer's unpaid orders hold as much as they may.
    ReservationLimit = "reservation-limit", CONFLICT, "Unpaid orders hold too much";
    /// The product's stock is not the one that the request expects.
    StockConflict = "stock-conflict", CONFLICT, "Stock has changed";
    /// The order can no longer be cancelled.
    TooLateToCancel = "too-late-to-cancel", CONFLICT, "The order can no longer be cancelled";
    /// The order can no longer be edited.
    TooLateToEdit = "too-late-to-edit", CONFLICT, "The order can no longer be edited";
    /// The order cannot be fulfilled.
    OrderNotFulfillable = "order-not-fulfillable", CONFLICT, "The order cannot be fulfilled";
    /// The order is not awaiting payment.
    NotAwaitingPayment = "not-awaiting-payment", CONFLICT, "The order is not awaiting payment";
    /// The order is not awaiting a bank transfer.
    NotAwaitingTransfer = "not-awaiting-transfer", CONFLICT, "The order is not awaiting a bank transfer";
    /// The bank transfer does not match the order's total.
    AmountMismatch = "amount-mismatch", CONFLICT, "The transfer does not match the order's total";
    /// The order cannot be refunded now.
    NotRefundable = "not-refundable", CONFLICT, "The order cannot be refunded now";
    /// The refund exceeds the refundable amount.
    RefundTooLarge = "refund-too-large", CONFLICT, "Refund exceeds the refundable amount";
    /// As many refunds of the order were requested as may be.
    TooManyRefunds = "too-many-refunds", CONFLICT, "No more refunds of this order can be requested";
    /// The order has had as many attempts to pay as it may.
    NoAttemptLeft = "no-attempt-left", CONFLICT, "The order has no attempt to pay left";
    /// Stripe refused the payment for good.
    PaymentRefused = "payment-refused", CONFLICT, "The payment provider refused the payment";
    /// Stripe refused the refund for good.
    RefundRefused = "refund-refused", CONFLICT, "The payment provider refused the refund";
    /// The order needs no review.
    NothingToReview = "nothing-to-review", CONFLICT, "There is nothing to review";
    /// There is no payment above the order's total.
    NoExcess = "no-excess", CONFLICT, "There is no excess payment";
    /// The body is longer than [`MAX_BODY`](crate::MAX_BODY).
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body's type is not JSON.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body must be JSON";
    /// A field or parameter is invalid, missing or unknown.
    InvalidField = "invalid-field", UNPROCESSABLE_ENTITY, "Invalid value";
    /// The `Idempotency-Key` was used for another request.
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another request";
    /// A bug of ours.
    InternalError = "internal-error", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
    /// Stripe is unavailable.
    PaymentUnavailable = "payment-unavailable", SERVICE_UNAVAILABLE, "The payment provider is unavailable";
    /// A part of the system is unavailable or busy.
    ServiceUnavailable = "service-unavailable", SERVICE_UNAVAILABLE, "Try again in a moment";
}

impl ProblemType {
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
