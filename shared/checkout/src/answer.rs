//! The payment of an order, as the customer sees it.

use api::OrderAnswer;
use domain::{IntentId, IntentStatus, Order, OrderStatus, PaymentMethod, Timestamp};
use serde::{Serialize, Serializer};
use stripe::{ClientSecret, PaymentIntent};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{RefOr, Type};
use utoipa::{PartialSchema, ToSchema};

/// An order with what pays it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayableOrder<'a> {
    /// The order.
    #[serde(flatten)]
    pub order: OrderAnswer<'a>,
    /// What pays it.
    pub payment: PaymentAnswer,
}

impl<'a> PayableOrder<'a> {
    /// An order with its payment.
    pub fn new(order: &'a Order, payment: PaymentAnswer) -> Self {
        Self { order: order.into(), payment }
    }
}

/// What pays an order: its current payment intent, or a bank transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentAnswer {
    /// `pi_…`; null until Stripe has made one.
    #[schema(required)]
    pub intent_id: Option<IntentId>,
    /// What the browser pays with; null when there is nothing to pay, or Stripe did not say.
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = Option<String>, required)]
    pub client_secret: Option<ClientSecret>,
    /// The progress.
    pub status: PaymentStatus,
    /// By when an invoice is to be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_at: Option<Timestamp>,
}

/// The progress of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Stripe could not be asked: `POST /v1/orders/{order_id}/payment-intent` asks again.
    Pending,
    /// There is no intent: the order is paid by bank transfer.
    Invoice,
    /// Stripe's word, and `payment_failed` after a failed try.
    Intent(IntentStatus),
}

impl PaymentAnswer {
    /// For an order whose intent Stripe could not be asked for.
    pub fn pending(order: &Order) -> Self {
        Self::without_secret(order.payment.intent.clone(), PaymentStatus::Pending)
    }

    /// For an order as it is known: nothing to pay with.
    pub fn known(order: &Order) -> Self {
        if let PaymentMethod::Invoice { due_at, .. } = order.payment.method {
            return Self { due_at: Some(due_at), ..Self::without_secret(None, PaymentStatus::Invoice) };
        }
        let facts = &order.payment.facts;
        let paid = facts.succeeded().next();
        let known = paid.or_else(|| facts.intent(order.payment.intent.as_ref()?));
        let status = match known {
            // It is voided, or about to be: whatever its status, it must not be paid.
            _ if order.status == OrderStatus::Cancelled && paid.is_none() => {
                PaymentStatus::Intent(IntentStatus::Canceled)
            }
            Some(intent) => PaymentStatus::Intent(intent.status),
            None => PaymentStatus::Pending,
        };
        let intent_id = known.map(|intent| intent.id.clone()).or_else(|| order.payment.intent.clone());
        Self::without_secret(intent_id, status)
    }

    /// For an order whose intent can be paid.
    pub(crate) fn live(intent: PaymentIntent) -> Self {
        let status = PaymentStatus::Intent(intent.status());
        Self { client_secret: intent.client_secret, ..Self::without_secret(Some(intent.id), status) }
    }

    const fn without_secret(intent_id: Option<IntentId>, status: PaymentStatus) -> Self {
        Self { intent_id, client_secret: None, status, due_at: None }
    }
}

impl Serialize for PaymentStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pending => serializer.serialize_str("pending"),
            Self::Invoice => serializer.serialize_str("invoice"),
            Self::Intent(status) => status.serialize(serializer),
        }
    }
}

impl PartialSchema for PaymentStatus {
    fn schema() -> RefOr<Schema> {
        let ours = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["pending", "invoice"]));
        OneOfBuilder::new().item(ours).item(IntentStatus::schema()).into()
    }
}

impl ToSchema for PaymentStatus {}

/// The one place where a client secret is written: into the answer to the one who pays.
#[expect(clippy::ref_option, reason = "serde hands in the field as it is")]
fn exposed<S: Serializer>(secret: &Option<ClientSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ClientSecret::expose).serialize(serializer)
}
