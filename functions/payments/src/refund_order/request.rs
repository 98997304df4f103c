//! Turns a request into a stored refund.

use std::cell::Cell;

use api::ApiError;
use auth::Caller;
use domain::{
    FieldError, IdempotencyKey, Money, Order, PaymentFact, RefundActionId, RefundReason, RefundRequest, Timestamp,
    TransferReference,
};
use resilience::{Clock, Ids};
use serde::Deserialize;
use store::{Orders, Receipt, ReceiptSource, update_from};
use stripe::to_stripe;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;

/// A request for a refund.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundBody {
    /// The amount in minor units of the order's currency; by default all that is left.
    #[schema(minimum = 1, example = 500)]
    amount: Option<i64>,
    /// The reason.
    reason: RefundReason,
    #[serde(default, deserialize_with = "domain::unless_empty")]
    #[schema(schema_with = reference_schema, required = false)]
    transfer_reference: Option<TransferReference>,
}

fn reference_schema() -> Schema {
    domain::or_empty::<TransferReference>(
        "The reference of the bank transfer that returned the money: for orders paid by transfer, and for no others.",
    )
}

/// A requested refund, new or repeated.
pub(crate) struct RequestedRefund {
    pub order: Order,
    pub refund: RefundActionId,
    pub is_repeat: bool,
}

/// Stores requested refunds.
pub(crate) struct RefundRequester<'a, O, C, I> {
    pub orders: &'a O,
    pub clock: &'a C,
    pub ids: &'a I,
    pub correlation_id: &'a str,
}

impl<O: Orders, C: Clock, I: Ids> RefundRequester<'_, O, C, I> {
    pub(crate) async fn ask(
        &self,
        known: &Order,
        key: &IdempotencyKey,
        body: RefundBody,
        caller: &Caller,
    ) -> Result<RequestedRefund, ApiError> {
        let refund = RefundActionId::derived(known.id, key);
        let request = request(known, refund, body, caller)?;
        // The refund and its receipt must have the same time.
        let now = self.clock.now();
        let (request, receipt) = self.of_transfer(known, request, now)?;
        let (receipt, actor) = (receipt.map(|receipt| receipt.by(caller.who.actor())), caller.who.actor());
        let is_repeat = Cell::new(false);
        let decide = |order: &Order| {
            let change = order.request_refund(&request, self.correlation_id, now)?;
            is_repeat.set(change.is_none());
            Ok::<_, ApiError>(change.map(|change| change.by(actor)))
        };
        let order = update_from(self.orders, self.clock, self.ids, known.clone(), receipt.as_ref(), decide).await?;
        Ok(RequestedRefund { order, refund, is_repeat: is_repeat.get() })
    }

    /// A transfer is evidence: its amount is fixed before it is stored, together with its receipt.
    fn of_transfer(
        &self,
        known: &Order,
        request: RefundRequest,
        now: Timestamp,
    ) -> Result<(RefundRequest, Option<Receipt>), ApiError> {
        if request.transfer.is_none() {
            return Ok((request, None));
        }
        let Some(change) = known.request_refund(&request, self.correlation_id, now)? else {
            return Ok((request, None));
        };
        let mut transfers = change.order.payment.facts.transfers();
        let Some(transfer) = transfers.find(|transfer| transfer.action.as_ref() == Some(&request.action)) else {
            return Ok((request, None));
        };
        let facts = vec![PaymentFact::Transfer(transfer.clone())];
        let receipt = Receipt::from_facts(ReceiptSource::Staff, known.id, facts, now, self.correlation_id);
        Ok((RefundRequest { amount: Some(transfer.amount.amount), ..request }, Some(receipt)))
    }
}

fn request(
    known: &Order,
    refund: RefundActionId,
    body: RefundBody,
    caller: &Caller,
) -> Result<RefundRequest, FieldError> {
    if body.amount.is_some_and(|amount| amount < 1) {
        return Err(FieldError::new("amount", "must be at least 1"));
    }
    let amount = body.amount.filter(|_| body.transfer_reference.is_none());
    if amount.is_some_and(|amount| to_stripe(Money::new(amount, known.total.currency)).is_err()) {
        let code = known.total.currency.code();
        return Err(FieldError::new("amount", format!("the payment provider cannot refund this amount of {code}")));
    }
    Ok(RefundRequest {
        action: refund.to_string(),
        amount: body.amount,
        reason: body.reason,
        by: caller.who.to_string(),
        transfer: body.transfer_reference.map(|reference| reference.as_str().to_owned()),
    })
}
