//! Why a request fails, and the one map from there to problem details.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use domain::{
    CannotBeCancelled, CannotBeFulfilled, FieldError, InvalidIdempotencyKey, OrderStatus, RefundRefused, ReviewRefused,
    TransferRefused,
};
use settings::SecretError;
use store::{StoreError, UpdateError};

use crate::{MAX_BODY, Problem, ProblemType};

/// How long a caller waits before it asks again when nobody knows better.
const BUSY: Duration = Duration::from_secs(1);

/// Why a request is not answered as hoped.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The body is no JSON; serde's message names line and column and quotes nothing.
    #[error("malformed JSON: {0}")]
    MalformedBody(String),
    /// The body is not said to be JSON.
    #[error("the Content-Type header must be application/json")]
    UnsupportedMediaType,
    /// The body is longer than [`MAX_BODY`].
    #[error("the body has {0} bytes; the limit is {MAX_BODY}")]
    BodyTooLarge(usize),
    /// A value that breaks a rule.
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
    /// The authorizer named nobody.
    #[error("send an Authorization header with a bearer token")]
    Unauthenticated,
    /// The authorizer refused the token or key: forged, expired, revoked or not one at all.
    #[error("the token or key is invalid, expired or revoked")]
    InvalidToken,
    /// Wrong address or password; which one is not said.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// The refresh token is missing, used up, expired or revoked.
    #[error("the session has ended: sign in again")]
    SessionEnded,
    /// The password was right, and the address is not shown to be its owner's.
    #[error("the email address is not verified: follow the link in the email that we sent to it")]
    EmailNotVerified,
    /// A link that was used, has expired or never was one.
    #[error("the link is invalid, expired or already used")]
    LinkInvalid,
    /// A web page that is not ours asks with the browser's cookie.
    #[error("this origin may not use the session cookie")]
    ForeignOrigin,
    /// The policy says no.
    #[error("your role does not allow this")]
    Forbidden,
    /// A webhook's message without the signature of its provider.
    #[error("the signature is invalid or too old")]
    InvalidSignature,
    /// The client takes nothing that the function could answer with.
    #[error("the response would be {0}, which the Accept header does not allow")]
    NotAcceptable(String),
    /// The path knows other methods.
    #[error("allowed methods: {0}")]
    MethodNotAllowed(&'static str),
    /// The caller's bucket is empty.
    #[error("too many requests of class {class}: retry after the time in Retry-After")]
    TooManyRequests {
        /// Which limit.
        class: &'static str,
        /// When one may pass.
        retry_after: Duration,
    },
    /// There is no such thing, or the caller must not know of it.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Not enough of a product is left.
    #[error("there is not enough stock of {sku}")]
    OutOfStock {
        /// What is missing.
        sku: String,
        /// The line that asks for it: `lines[0]`.
        field: String,
    },
    /// Stock has changed than the caller saw.
    #[error("current stock is {0}")]
    StockConflict(u32),
    /// Too late to call the order off.
    #[error(transparent)]
    TooLateToCancel(#[from] CannotBeCancelled),
    /// Too late to change the order.
    #[error("an order in status {0} cannot be edited")]
    TooLateToEdit(OrderStatus),
    /// Not, or not any more, an order to be sent.
    #[error(transparent)]
    OrderNotFulfillable(#[from] CannotBeFulfilled),
    /// The order does not wait for money.
    #[error("an order in status {0} cannot be paid")]
    NotAwaitingPayment(OrderStatus),
    /// The order waits for no transfer, or for another amount.
    #[error(transparent)]
    TransferRefused(#[from] TransferRefused),
    /// There is no money to give back, or it is contested, in doubt, or goes back anyway.
    #[error("an order in status {0} cannot be refunded")]
    NotRefundable(OrderStatus),
    /// More than what is left.
    #[error("at most {left} minor units can be refunded at once")]
    RefundTooLarge {
        /// In minor units.
        left: i64,
    },
    /// Stripe said no, for good; nothing is reserved any more.
    #[error("the payment provider refused the refund ({})", code.as_deref().unwrap_or("no reason given"))]
    RefundRefused {
        /// Stripe's code.
        code: Option<String>,
    },
    /// Nothing about the order's money needs a decision.
    #[error("an order in status {0} needs no review")]
    NothingToReview(OrderStatus),
    /// The order was called off, or not more than its total came, or money in another currency.
    #[error("there is no payment above the order's total")]
    NoExcess,
    /// Stripe cannot be asked, or said something that leads nowhere now.
    #[error("the payment provider is unavailable")]
    PaymentUnavailable {
        /// When to come back.
        retry_after: Duration,
        /// What Stripe's client says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A repository failed.
    #[error("the order system is unavailable")]
    Store(#[from] StoreError),
    /// A mistake of ours.
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
            Self::SessionEnded => ProblemType::SessionEnded,
            Self::EmailNotVerified => ProblemType::EmailNotVerified,
            Self::LinkInvalid => ProblemType::LinkInvalid,
            Self::Forbidden | Self::ForeignOrigin => ProblemType::Forbidden,
            Self::InvalidSignature => ProblemType::InvalidSignature,
            Self::NotAcceptable(_) => ProblemType::NotAcceptable,
            Self::MethodNotAllowed(_) => ProblemType::MethodNotAllowed,
            Self::TooManyRequests { .. } => ProblemType::TooManyRequests,
            Self::NotFound(_) => ProblemType::NotFound,
            Self::OutOfStock { .. } | Self::Store(StoreError::OutOfStock(_)) => ProblemType::OutOfStock,
            Self::StockConflict(_) | Self::Store(StoreError::StockConflict(_)) => ProblemType::StockConflict,
            Self::TooLateToCancel(_) => ProblemType::TooLateToCancel,
            Self::TooLateToEdit(_) => ProblemType::TooLateToEdit,
            Self::OrderNotFulfillable(_) => ProblemType::OrderNotFulfillable,
            Self::NotAwaitingPayment(_) => ProblemType::NotAwaitingPayment,
            Self::TransferRefused(TransferRefused::AmountMismatch(_)) => ProblemType::AmountMismatch,
            Self::TransferRefused(_) => ProblemType::NotAwaitingTransfer,
            Self::NotRefundable(_) => ProblemType::NotRefundable,
            Self::RefundTooLarge { .. } => ProblemType::RefundTooLarge,
            Self::RefundRefused { .. } => ProblemType::RefundRefused,
            Self::NothingToReview(_) => ProblemType::NothingToReview,
            Self::NoExcess => ProblemType::NoExcess,
            Self::PaymentUnavailable { .. } => ProblemType::PaymentUnavailable,
            Self::Store(StoreError::Corrupt(_)) | Self::Internal(_) => ProblemType::InternalError,
            Self::Store(StoreError::Conflict | StoreError::Unavailable(_)) => ProblemType::ServiceUnavailable,
        }
    }

    /// When the caller may come back, for the problems that pass.
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
            provider_code: if let Self::RefundRefused { code } = self { code.clone() } else { None },
            correlation_id: correlation_id.to_owned(),
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::InvalidField(fault) => Some(fault.field.clone()),
            Self::OutOfStock { field, .. } => Some(field.clone()),
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
