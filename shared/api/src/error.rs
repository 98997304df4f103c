//! Errors of the API, and the one map from errors to problem details.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use domain::{
    CannotBeCancelled, CannotBeFulfilled, FieldError, InvalidIdempotencyKey, MAX_ATTEMPTS, MAX_REQUESTED_REFUNDS,
    OrderStatus, RefundRefused, ReservationRefused, ReviewRefused, TransferRefused,
};
use settings::SecretError;
use store::{StoreError, UpdateError};

use crate::{FRESH_SIGN_IN, MAX_BODY, Problem, ProblemType};

/// How long a caller should wait before a retry, when nothing more precise is known.
const BUSY: Duration = Duration::from_secs(1);

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is malformed JSON; serde's message has line and column and quotes nothing.
    #[error("malformed JSON: {0}")]
    MalformedBody(String),
    /// The body's type is not JSON.
    #[error("the Content-Type header must be application/json")]
    UnsupportedMediaType,
    /// The body is longer than [`MAX_BODY`].
    #[error("the body has {0} bytes; the limit is {MAX_BODY}")]
    BodyTooLarge(usize),
    /// An invalid value.
    #[error("{}", .0.message)]
    InvalidField(#[from] FieldError),
    /// There is no `Idempotency-Key` header.
    #[error("send an Idempotency-Key header, and the same one when you retry this request")]
    IdempotencyKeyMissing,
    /// The header cannot be used.
    #[error(transparent)]
    IdempotencyKeyMalformed(#[from] InvalidIdempotencyKey),
    /// The key belongs to another request of this caller's.
    #[error("this Idempotency-Key was used with different content: use a new key for a new request")]
    IdempotencyKeyReused,
    /// The authorizer names no caller.
    #[error("send an Authorization header with a bearer token")]
    Unauthenticated,
    /// The authorizer refused the token or key: forged, expired, revoked or malformed.
    #[error("the token or key is invalid, expired or revoked")]
    InvalidToken,
    /// The email address or the password is wrong; the answer does not tell which.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// The caller signed in too long ago for what cannot be undone.
    #[error("this needs a sign-in of the last {} minutes: sign in again", FRESH_SIGN_IN.as_secs() / 60)]
    SignInTooOld,
    /// The refresh token is missing, used up, expired or revoked.
    #[error("the session has ended: sign in again")]
    SessionEnded,
    /// The password is right, but the email address is not verified.
    #[error("the email address is not verified: follow the link in the email that we sent to it")]
    EmailNotVerified,
    /// The link is invalid, expired or already used.
    #[error("the link is invalid, expired or already used")]
    LinkInvalid,
    /// A foreign web page sent the browser's cookie.
    #[error("this origin may not use the session cookie")]
    ForeignOrigin,
    /// The policy does not allow it.
    #[error("your role does not allow this")]
    Forbidden,
    /// A webhook without its provider's signature.
    #[error("the signature is invalid or too old")]
    InvalidSignature,
    /// A webhook with its provider's signature, whose body is something else than the provider sends.
    #[error("the signature is valid, but the body is not what this webhook receives")]
    UnreadableDelivery,
    /// The client accepts none of the function's media types.
    #[error("the response would be {0}, which the Accept header does not allow")]
    NotAcceptable(String),
    /// The path exists with other methods.
    #[error("allowed methods: {0}")]
    MethodNotAllowed(&'static str),
    /// The caller has exhausted its rate limit.
    #[error("too many requests of class {class}: retry after the time in Retry-After")]
    TooManyRequests {
        /// The rate limit class.
        class: &'static str,
        /// When the next request may pass.
        retry_after: Duration,
    },
    /// The resource does not exist, or the caller must not know of it.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// There is not enough stock of a product.
    #[error("there is not enough stock of {sku}")]
    OutOfStock {
        /// The sku.
        sku: String,
        /// The line that asks for it: `lines[0]`.
        field: String,
    },
    /// The customer's unpaid orders hold as much as they may.
    #[error(transparent)]
    ReservationLimit(#[from] ReservationRefused),
    /// The stock is not the one that the caller expected.
    #[error("current stock is {0}")]
    StockConflict(u32),
    /// Too late to cancel the order.
    #[error(transparent)]
    TooLateToCancel(#[from] CannotBeCancelled),
    /// Too late to edit the order.
    #[error("an order in status {0} cannot be edited")]
    TooLateToEdit(OrderStatus),
    /// The order cannot be fulfilled, or not any more.
    #[error(transparent)]
    OrderNotFulfillable(#[from] CannotBeFulfilled),
    /// The order is not awaiting payment.
    #[error("an order in status {0} cannot be paid")]
    NotAwaitingPayment(OrderStatus),
    /// The order is not awaiting a transfer, or one of another amount.
    #[error(transparent)]
    TransferRefused(#[from] TransferRefused),
    /// There is nothing to refund, or the payment is disputed, under review or refunded already.
    #[error("an order in status {0} cannot be refunded")]
    NotRefundable(OrderStatus),
    /// The refund exceeds the refundable amount.
    #[error("at most {left} minor units can be refunded at once")]
    RefundTooLarge {
        /// In minor units.
        left: i64,
    },
    /// As many refunds of the order were requested as may be.
    #[error("at most {MAX_REQUESTED_REFUNDS} refunds of an order can be requested")]
    TooManyRefunds,
    /// The order has had as many attempts to pay as it may.
    #[error("an order has at most {MAX_ATTEMPTS} attempts to pay: cancel it and place another")]
    NoAttemptLeft,
    /// Stripe refused for good to charge the order, which is cancelled for that.
    #[error("the payment provider refused the payment ({}), and the order is cancelled", code.as_deref().unwrap_or("no reason given"))]
    PaymentRefused {
        /// Stripe's code.
        code: Option<String>,
    },
    /// Stripe refused the refund for good; nothing is reserved any more.
    #[error("the payment provider refused the refund ({})", code.as_deref().unwrap_or("no reason given"))]
    RefundRefused {
        /// Stripe's code.
        code: Option<String>,
    },
    /// The order needs no review.
    #[error("an order in status {0} needs no review")]
    NothingToReview(OrderStatus),
    /// There is no excess: the order was cancelled, no more than the total was paid, or in another currency.
    #[error("there is no payment above the order's total")]
    NoExcess,
    /// Stripe is unavailable, or its answer leads nowhere now.
    #[error("the payment provider is unavailable")]
    PaymentUnavailable {
        /// When to retry.
        retry_after: Duration,
        /// The error of Stripe's client.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A repository failed.
    #[error("the order system is unavailable")]
    Store(#[from] StoreError),
    /// A bug of ours.
    #[error("an unexpected error occurred")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl From<SecretError> for ApiError {
    fn from(error: SecretError) -> Self {
        Self::Internal(error.into())
    }
}

impl ApiError {
    /// The kind of problem, which implies the status.
    pub fn kind(&self) -> ProblemType {
        match self {
            Self::MalformedBody(_) => ProblemType::MalformedBody,
            Self::UnsupportedMediaType => ProblemType::UnsupportedMediaType,
            Self::BodyTooLarge(_) => ProblemType::BodyTooLarge,
            Self::InvalidField(_) => ProblemType::InvalidField,
            Self::IdempotencyKeyMissing => ProblemType::IdempotencyKeyMissing,
            Self::IdempotencyKeyMalformed(_) => ProblemType::IdempotencyKeyMalformed,
            Self::IdempotencyKeyReused => ProblemType::IdempotencyKeyReused,
            Self::Unauthenticated | Self::InvalidToken => ProblemType::Unauthenticated,
            Self::InvalidCredentials => ProblemType::InvalidCredentials,
            Self::SignInTooOld => ProblemType::InsufficientUserAuthentication,
            Self::SessionEnded => ProblemType::SessionEnded,
            Self::EmailNotVerified => ProblemType::EmailNotVerified,
            Self::LinkInvalid => ProblemType::LinkInvalid,
            Self::Forbidden | Self::ForeignOrigin => ProblemType::Forbidden,
            Self::InvalidSignature => ProblemType::InvalidSignature,
            Self::UnreadableDelivery => ProblemType::UnreadableDelivery,
            Self::NotAcceptable(_) => ProblemType::NotAcceptable,
            Self::MethodNotAllowed(_) => ProblemType::MethodNotAllowed,
            Self::TooManyRequests { .. } => ProblemType::TooManyRequests,
            Self::NotFound(_) => ProblemType::NotFound,
            Self::OutOfStock { .. } | Self::Store(StoreError::OutOfStock(_)) => ProblemType::OutOfStock,
            Self::ReservationLimit(_) => ProblemType::ReservationLimit,
            Self::StockConflict(_) | Self::Store(StoreError::StockConflict(_)) => ProblemType::StockConflict,
            Self::TooLateToCancel(_) => ProblemType::TooLateToCancel,
            Self::TooLateToEdit(_) => ProblemType::TooLateToEdit,
            Self::OrderNotFulfillable(_) => ProblemType::OrderNotFulfillable,
            Self::NotAwaitingPayment(_) => ProblemType::NotAwaitingPayment,
            Self::TransferRefused(TransferRefused::AmountMismatch(_)) => ProblemType::AmountMismatch,
            Self::TransferRefused(_) => ProblemType::NotAwaitingTransfer,
            Self::NotRefundable(_) => ProblemType::NotRefundable,
            Self::RefundTooLarge { .. } => ProblemType::RefundTooLarge,
            Self::TooManyRefunds => ProblemType::TooManyRefunds,
            Self::NoAttemptLeft => ProblemType::NoAttemptLeft,
            Self::PaymentRefused { .. } => ProblemType::PaymentRefused,
            Self::RefundRefused { .. } => ProblemType::RefundRefused,
            Self::NothingToReview(_) => ProblemType::NothingToReview,
            Self::NoExcess => ProblemType::NoExcess,
            Self::PaymentUnavailable { .. } => ProblemType::PaymentUnavailable,
            Self::Store(StoreError::Corrupt(_) | StoreError::Rejected(_)) | Self::Internal(_) => {
                ProblemType::InternalError
            }
            Self::Store(StoreError::Conflict | StoreError::Unavailable(_)) => ProblemType::ServiceUnavailable,
        }
    }

    /// When the caller may retry, for temporary problems.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::PaymentUnavailable { retry_after, .. } | Self::TooManyRequests { retry_after, .. } => {
                Some(*retry_after)
            }
            _ if self.kind() == ProblemType::ServiceUnavailable => Some(BUSY),
            _ => None,
        }
    }

    pub(crate) fn problem(&self, correlation_id: &str) -> Problem {
        let kind = self.kind();
        Problem {
            kind,
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: self.to_string(),
            field: self.field(),
            order_status: self.order_status(),
            refundable: if let Self::RefundTooLarge { left } = self { Some(*left) } else { None },
            stock: if let Self::StockConflict(stock) = self { Some(*stock) } else { None },
            provider_code: match self {
                Self::RefundRefused { code } | Self::PaymentRefused { code } => code.clone(),
                _ => None,
            },
            correlation_id: correlation_id.to_owned(),
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::InvalidField(fault) => Some(fault.field.clone()),
            Self::OutOfStock { field, .. } => Some(field.clone()),
            Self::ReservationLimit(ReservationRefused::TooManyPieces { line, .. }) => {
                Some(format!("lines[{line}].quantity"))
            }
            _ => None,
        }
    }

    fn order_status(&self) -> Option<OrderStatus> {
        match self {
            Self::TooLateToCancel(CannotBeCancelled(status))
            | Self::OrderNotFulfillable(CannotBeFulfilled(status))
            | Self::TransferRefused(TransferRefused::NotAwaited(status))
            | Self::TooLateToEdit(status)
            | Self::NotAwaitingPayment(status)
            | Self::NotRefundable(status)
            | Self::NothingToReview(status) => Some(*status),
            _ => None,
        }
    }
}

impl<E: Into<Self>> From<UpdateError<E>> for ApiError {
    fn from(error: UpdateError<E>) -> Self {
        match error {
            UpdateError::NotFound => Self::NotFound("order"),
            UpdateError::Refused(refusal) => refusal.into(),
            UpdateError::Store(error) => Self::Store(error),
        }
    }
}

impl From<RefundRefused> for ApiError {
    fn from(refusal: RefundRefused) -> Self {
        match refusal {
            RefundRefused::NotNow(status) => Self::NotRefundable(status),
            RefundRefused::TooMuch { left } => Self::RefundTooLarge { left },
            RefundRefused::TooMany => Self::TooManyRefunds,
            RefundRefused::AnotherRefund => Self::IdempotencyKeyReused,
            RefundRefused::Transfer | RefundRefused::ReferenceUsed => {
                FieldError::new("transfer_reference", refusal.to_string()).into()
            }
        }
    }
}

impl From<ReviewRefused> for ApiError {
    fn from(refusal: ReviewRefused) -> Self {
        match refusal {
            ReviewRefused::NothingToReview(status) => Self::NothingToReview(status),
            ReviewRefused::NoExcess => Self::NoExcess,
        }
    }
}

impl From<Infallible> for ApiError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
