//! Stripe's objects, as far as an order needs them. Nothing personal is read: no card, no name, no address.
//!
//! Shapes: <https://docs.stripe.com/api>, version [`API_VERSION`](crate::API_VERSION).

use std::collections::BTreeMap;
use std::fmt;

use domain::{ChargeId, DisputeId, DisputeStatus, IntentId, IntentStatus, OrderId, RefundId, RefundStatus};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::Value;

/// What pays an intent from a browser. Goes to the one who pays and nowhere else: `Debug` hides it, and it cannot be
/// serialised by accident.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret, for the answer to the one who pays.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// `payment_intent`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`
    pub id: IntentId,
    /// What is asked for, in Stripe's units.
    pub amount: i64,
    /// What was received, in Stripe's units.
    #[serde(default)]
    pub amount_received: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// As Stripe says it; [`status`](Self::status) adds the failed try.
    #[serde(rename = "status", deserialize_with = "intent_status")]
    stripes_status: IntentStatus,
    /// Why the latest try failed; gone again once another begins.
    #[serde(default)]
    pub last_payment_error: Option<PaymentError>,
    /// Absent in events of restricted endpoints.
    #[serde(default)]
    pub client_secret: Option<ClientSecret>,
    /// Ours: `order_id` and `attempt`.
    #[serde(default, deserialize_with = "metadata")]
    pub metadata: BTreeMap<String, String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// When this state was observed, in seconds since the epoch; set by the reader.
    #[serde(skip)]
    pub seen_at: i64,
}

impl PaymentIntent {
    /// The status. Stripe calls an intent whose payment failed `requires_payment_method`, like a new one.
    pub fn status(&self) -> IntentStatus {
        match (self.stripes_status, &self.last_payment_error) {
            (IntentStatus::RequiresPaymentMethod, Some(_)) => IntentStatus::PaymentFailed,
            (status, _) => status,
        }
    }

    pub(crate) fn seen(self, at: i64) -> Self {
        Self { seen_at: at, ..self }
    }

    /// The order; `None` when it is not one of ours.
    pub fn order_id(&self) -> Option<OrderId> {
        order_id(&self.metadata)
    }
}

/// Why a try to pay failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PaymentError {
    /// Such as `card_declined`.
    pub code: Option<String>,
    /// The bank's reason.
    pub decline_code: Option<String>,
}

/// `charge`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Charge {
    /// `ch_…` or `py_…`
    pub id: ChargeId,
    /// The intent that it paid.
    #[serde(default, deserialize_with = "reference")]
    pub payment_intent: Option<String>,
    /// All refunds together, in Stripe's units.
    #[serde(default)]
    pub amount_refunded: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Copied from the intent's when the charge was made.
    #[serde(default, deserialize_with = "metadata")]
    pub metadata: BTreeMap<String, String>,
}

/// `refund`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refund {
    /// `re_…` or `pyr_…`
    pub id: RefundId,
    /// In Stripe's units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The status; Stripe may not say any.
    #[serde(default = "unknown_refund_status", deserialize_with = "refund_status")]
    pub status: RefundStatus,
    /// Whose money it is.
    #[serde(default, deserialize_with = "reference")]
    pub payment_intent: Option<String>,
    /// Ours: `order_id` and `refund_action`; empty when it was made in Stripe's dashboard.
    #[serde(default, deserialize_with = "metadata")]
    pub metadata: BTreeMap<String, String>,
    /// Seconds since the epoch.
    pub created: i64,
}

impl Refund {
    /// The order; `None` for a refund made in Stripe's dashboard.
    pub fn order_id(&self) -> Option<OrderId> {
        order_id(&self.metadata)
    }

    /// Our refund action that made it.
    pub fn action(&self) -> Option<&str> {
        self.metadata.get("refund_action").map(String::as_str)
    }
}

/// `dispute`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Dispute {
    /// `du_…` or `dp_…`
    pub id: DisputeId,
    /// What is disputed, in Stripe's units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The status.
    #[serde(deserialize_with = "dispute_status")]
    pub status: DisputeStatus,
    /// Whose money it is.
    #[serde(default, deserialize_with = "reference")]
    pub payment_intent: Option<String>,
    /// What moved between the bank and the account: nothing yet, the money's way out, or the way back as well. In the
    /// currency that the account is settled in.
    #[serde(default)]
    balance_transactions: Option<Vec<BalanceTransaction>>,
    /// When our answer is due.
    #[serde(default)]
    evidence_details: Option<EvidenceDetails>,
    /// Seconds since the epoch.
    pub created: i64,
    /// When this state was observed, in seconds since the epoch; set by the reader.
    #[serde(skip)]
    pub seen_at: i64,
}

impl Dispute {
    pub(crate) fn seen(self, at: i64) -> Self {
        Self { seen_at: at, ..self }
    }

    /// What the bank has taken and not given back, in Stripe's units, and the currency; `None` if nothing is listed. When a
    /// dispute is lost, Stripe gives back the part that had been refunded before.
    pub fn withdrawn(&self) -> Option<(i64, &str)> {
        let moved = self.balance_transactions.as_deref().unwrap_or_default();
        let first = moved.first()?;
        let taken = moved.iter().fold(0_i64, |sum, transaction| sum.saturating_sub(transaction.amount));
        Some((taken.max(0), &first.currency))
    }

    /// By when our answer is due, in seconds since the epoch.
    pub fn due_by(&self) -> Option<i64> {
        self.evidence_details.as_ref()?.due_by
    }
}

/// `balance_transaction`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct BalanceTransaction {
    /// Without fees; negative when it left.
    amount: i64,
    /// ISO 4217, lower case: the account's.
    #[serde(default)]
    currency: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct EvidenceDetails {
    due_by: Option<i64>,
}

/// Metadata: our order's id.
pub(crate) const ORDER_ID: &str = "metadata[order_id]";
/// Metadata: which try at paying the order this intent is.
pub(crate) const ATTEMPT: &str = "metadata[attempt]";
/// Metadata: our refund action's id.
pub(crate) const REFUND_ACTION: &str = "metadata[refund_action]";

pub(crate) fn order_id(metadata: &BTreeMap<String, String>) -> Option<OrderId> {
    metadata.get("order_id")?.parse().ok()
}

/// Stripe writes a reference as an id, or as the whole object when it is expanded.
fn reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Reference {
        Id(String),
        Expanded { id: String },
        Other(IgnoredAny),
    }
    Ok(match Option::deserialize(deserializer)? {
        Some(Reference::Id(id) | Reference::Expanded { id }) => Some(id),
        Some(Reference::Other(_)) | None => None,
    })
}

/// Null is as good as nothing, and values that are no text are nobody's of ours.
fn metadata<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let metadata = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let text = |(name, value)| if let Value::String(text) = value { Some((name, text)) } else { None };
    Ok(metadata.into_iter().filter_map(text).collect())
}

/// A word that this version does not know is no reason to refuse the object.
fn intent_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IntentStatus, D::Error> {
    Ok(IntentStatus::from_word(&String::deserialize(deserializer)?).unwrap_or(IntentStatus::Unknown))
}

fn refund_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RefundStatus, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    Ok(word.and_then(|word| RefundStatus::from_word(&word)).unwrap_or_else(unknown_refund_status))
}

const fn unknown_refund_status() -> RefundStatus {
    RefundStatus::Unknown
}

fn dispute_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DisputeStatus, D::Error> {
    Ok(DisputeStatus::from_word(&String::deserialize(deserializer)?).unwrap_or(DisputeStatus::Unknown))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn intent(changes: &Value) -> PaymentIntent {
        let mut object = json!({"id": "pi_1", "object": "payment_intent", "amount": 1250, "currency": "eur",
            "status": "requires_payment_method", "client_secret": "pi_1_secret_2", "created": 1_790_000_000,
            "metadata": {"order_id": "ord_00000000000000000000000000000001"}, "some_new_field": {"a": [1]}});
        object.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        from_value(object).unwrap()
    }

    #[test]
    fn a_failed_try_is_told_from_a_new_intent() {
        assert_eq!(intent(&json!({})).status(), IntentStatus::RequiresPaymentMethod);
        let failed = json!({"last_payment_error": {"code": "card_declined", "decline_code": "insufficient_funds"}});
        assert_eq!(intent(&failed).status(), IntentStatus::PaymentFailed);
        assert_eq!(intent(&json!({"status": "canceled", "last_payment_error": {}})).status(), IntentStatus::Canceled);
    }

    #[test]
    fn only_our_own_ids_count_as_orders() {
        assert!(intent(&json!({})).order_id().is_some());
        assert_eq!(intent(&json!({"metadata": {"order_id": "1234"}})).order_id(), None);
        assert_eq!(intent(&json!({"metadata": {}})).order_id(), None);
    }

    #[test]
    fn the_client_secret_does_not_show() {
        let intent = intent(&json!({}));
        assert!(!format!("{intent:?}").contains("secret_2"));
        assert_eq!(intent.client_secret.unwrap().expose(), "pi_1_secret_2");
    }

    #[test]
    fn references_are_read_expanded_or_not() {
        let refund = |reference: Value| -> Option<String> {
            let refund = json!({"id": "re_1", "amount": 1, "currency": "eur", "status": "pending", "created": 1,
                "payment_intent": reference});
            from_value::<Refund>(refund).unwrap().payment_intent
        };
        assert_eq!(refund(json!("pi_1")).as_deref(), Some("pi_1"));
        assert_eq!(refund(json!({"id": "pi_1", "object": "payment_intent"})).as_deref(), Some("pi_1"));
        assert_eq!(refund(json!(null)), None);
    }

    #[test]
    fn words_of_a_later_version_are_read_and_known_as_unknown() {
        let read = |changes: Value| {
            let mut object = json!({"id": "x_1", "amount": 1, "currency": "eur", "status": "brand_new", "created": 1});
            object.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            object
        };
        assert_eq!(from_value::<Dispute>(read(json!({}))).unwrap().status, DisputeStatus::Unknown);
        assert_eq!(from_value::<Refund>(read(json!({}))).unwrap().status, RefundStatus::Unknown);
        assert_eq!(from_value::<PaymentIntent>(read(json!({}))).unwrap().status(), IntentStatus::Unknown);
        for status in DisputeStatus::ALL {
            let dispute = read(json!({"status": status.as_str()}));
            assert_eq!(from_value::<Dispute>(dispute).unwrap().status, status);
        }
    }

    #[test]
    fn what_may_be_null_may_be_null() {
        let refund = json!({"id": "re_1", "amount": 1, "currency": "eur", "status": null, "created": 1,
            "metadata": null, "payment_intent": null});
        let refund: Refund = from_value(refund).unwrap();
        assert_eq!((refund.status, refund.order_id(), refund.payment_intent), (RefundStatus::Unknown, None, None));
        let odd = intent(&json!({"metadata": {"order_id": 7, "attempt": null, "note": "text"}}));
        assert_eq!((odd.order_id(), odd.metadata.len()), (None, 1));
    }

    #[test]
    fn a_dispute_says_whether_the_money_is_away() {
        let withdrawn = |moved: Value| {
            let dispute = json!({"id": "du_1", "amount": 1, "currency": "eur", "status": "lost", "created": 1,
                "balance_transactions": moved});
            let dispute = from_value::<Dispute>(dispute).unwrap();
            dispute.withdrawn().map(|(amount, currency)| (amount, currency.to_owned()))
        };
        assert_eq!(withdrawn(json!(null)), None);
        assert_eq!(withdrawn(json!([])), None);
        let taken = json!({"amount": -500, "fee": 1500, "currency": "usd"});
        assert_eq!(withdrawn(json!([taken])), Some((500, "usd".to_owned())));
        let back = |amount| json!({"amount": amount, "fee": 0, "currency": "usd"});
        assert_eq!(withdrawn(json!([taken, back(500)])), Some((0, "usd".to_owned())));
        assert_eq!(withdrawn(json!([taken, back(200)])), Some((300, "usd".to_owned())), "a part had been refunded");
    }
}
