//! Orders and their rules: money, cart, order, status machine, payment facts, events.
//!
//! Pure: no I/O, no clock, no randomness, no AWS. Everything from outside arrives as an argument.

#[macro_use]
mod string_enum;

mod account;
mod actor;
mod cart;
mod catalogue;
mod contact;
mod event;
mod ids;
mod ledger;
mod mail;
mod money;
mod order;
mod payment;
mod pricing;
mod status;
mod text;

pub use account::{
    ACCOUNT_EVENT_SCHEMA_VERSION, Account, AccountChange, AccountEvent, AccountEventType, AccountId, AccountMatches,
    AccountNotice, ApiKey, CommandContext, ExternalIdentity, ExternalSignInError, Identity, InvalidReturnPath, Link,
    LinkKind, LinkRefused, PasswordHash, RESET_LIFETIME, ROTATION_GRACE, Registration, ReturnPath, Role, RoleRefused,
    Rotation, SESSION_LIFETIME, Scope, Scopes, Session, SignInFlow, SignInOutcome, SignInRefused, TokenHash,
    UnknownRole, UnknownScope, VERIFICATION_LIFETIME,
};
pub use actor::Actor;
pub use cart::{
    Cart, CartLine, CartRequest, FieldError, LineRequest, MAX_LINES, MAX_QUANTITY, PricedCart, PricedLines,
    PricingError, price_lines,
};
pub use catalogue::{InvalidSku, Product, Sku};
pub use contact::{Address, EmailAddress, InvalidEmailAddress};
pub use event::{DisputeUpdate, EVENT_SCHEMA_VERSION, EventType, OrderEvent};
pub use ids::{
    CustomerId, EventId, IdempotencyKey, InvalidId, InvalidIdempotencyKey, KeyId, LinkId, OrderId, RefundActionId,
    SessionId, UserId,
};
pub use ledger::{LedgerEntry, LedgerKind};
pub use mail::{
    Delivery, InvalidMailEffectId, MailClaim, MailEffect, MailEffectId, MailKind, MailPatience, MailSubject, OrderMail,
    Recipient, Sending, StaffAlert,
};
pub use money::{Currency, Money, MoneyError, UnknownCurrency};
pub use order::{
    CancelReason, Cancellation, CannotBeCancelled, CannotBeFulfilled, Change, Contact, Difference, Due, EditRefused,
    EventMismatch, Gap, InvalidTransferReference, MAX_ATTEMPTS, MAX_MOVED_PRODUCTS, MAX_REQUESTED_REFUNDS, Mismatch,
    Movement, Order, OrderEdit, OrderHistory, OrderLine, Payment, PaymentChoice, PaymentMethod, PaymentTerms, Person,
    PointInTime, RecordedFacts, RefundAction, RefundActionState, RefundProgress, RefundReason, RefundRefused,
    RefundRequest, RefundView, RequestDetails, Reservation, ReservationAttempt, ReservationLimits, ReservationRefused,
    Review, ReviewDecision, ReviewRefused, Snapshot, TransferReference, TransferRefused, UnpaidOrders,
};
pub use payment::{
    ChargeFact, ChargeId, DisputeFact, DisputeId, DisputeStage, DisputeStatus, IntentFact, IntentId, IntentStatus,
    KnownFacts, PaymentFact, RefundFact, RefundId, RefundStatus, TransferDirection, TransferFact,
};
pub use pricing::{
    Band, BandUnit, Breakdown, Country, CountryTax, Discount, DiscountCode, DiscountRefused, GoodsLine, InvalidCountry,
    InvalidDiscountCode, InvalidTaxRate, LineBreakdown, PartialRefundRefused, PricingRefused, RateBreakdown,
    Redemption, Reduction, RefundBreakdown, RefundParts, RefundedLine, ShippingMethod, ShippingPart, ShippingPrices,
    ShippingRate, ShippingRates, ShippingZone, TaxBehavior, TaxClass, TaxRate, TaxRates, WorkingDays, price_order,
};
pub use status::{OrderStatus, UnknownStatus};
pub use text::{InvalidText, check_optional_text, check_text, or_empty, unless_empty};
pub use timestamp::{InvalidTimestamp, Timestamp};
