//! `POST /v1/orders/{order_id}/mark-paid`: staff record the bank transfer that pays an invoice.

use api::{ApiError, Class, Endpoint, OrderAnswer, Response};
use auth::OrderAction;
use domain::{Change, Currency, Money, Order, PaymentFact, TransferDirection, TransferReference};
use lambda_http::Request;
use resilience::Clock;
use serde::Deserialize;
use store::{Receipt, ReceiptSource, update_with_receipt};
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Write).with_optional_body();

/// The transfer that pays an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PaidInvoice {
    /// The reference on the account's statement.
    reference: TransferReference,
    /// The amount for this order, in minor units. If given, it must be the order's total.
    #[schema(minimum = 1, example = 4800)]
    amount: Option<i64>,
    #[serde(default, deserialize_with = "domain::unless_empty")]
    #[schema(schema_with = currency_schema, required = false)]
    currency: Option<Currency>,
}

fn currency_schema() -> Schema {
    domain::or_empty::<Currency>("The currency of the amount; the order's by default.")
}

impl PaidInvoice {
    /// The given amount for this order.
    fn amount(&self, order: &Order) -> Option<Money> {
        let amount = self.amount.or(self.currency.map(|_| order.total.amount))?;
        Some(Money::new(amount, self.currency.unwrap_or(order.total.currency)))
    }
}

/// Marks an invoice as paid.
///
/// Records that the order's total arrived by this bank transfer. An amount or currency that does not match the order's is
/// refused, and nothing is stored. Repeating the same transfer changes nothing; a different one is refused. One transfer
/// may pay several orders.
///
/// # Errors
///
/// 400, 413 and 415 for the body, 401 no caller, 403 not staff, 404 no such order, 409 the order is not paid by
/// invoice, awaits no transfer (with its status), or awaits another amount, 422 no reference, 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/mark-paid",
    operation_id = "mark-invoice-paid",
    tag = "payments",
    request_body = PaidInvoice,
    responses((status = 200, description = "The order is paid, now or before", body = OrderAnswer)),
    security(("access_token" = ["staff", "admin"])),
    extensions(("x-problems" = json!(["not-awaiting-transfer", "amount-mismatch"]))),
)]
pub async fn handle(env: &impl capabilities::Orders, request: Request) -> Result<Response, ApiError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let known = api::own_order(orders, &caller, id, OrderAction::MarkPaid).await?;
    let paid: PaidInvoice = api::body(&request)?;

    let correlation_id = api::correlation_id(&request);
    let correlation_id = correlation_id.as_str();
    let decide = |order: &Order| {
        let change = order.mark_paid(paid.reference.as_str(), paid.amount(order), correlation_id, clock.now())?;
        Ok::<_, domain::TransferRefused>(change.map(|change| {
            let (receipt, actor) = (receipt(&change, &paid.reference, correlation_id), caller.who.actor());
            (change.by(actor), receipt.by(actor))
        }))
    };
    let order = update_with_receipt(orders, clock, ids, known, decide).await?;
    api::ok(&OrderAnswer::from(&order))
}

/// The receipt of the transfer, with the amount that the order recorded.
fn receipt(change: &Change, reference: &TransferReference, correlation_id: &str) -> Receipt {
    let transfers = change.order.payment.facts.transfers();
    let said = transfers
        .filter(|known| known.id == reference.as_str() && known.direction == TransferDirection::Received)
        .map(|known| PaymentFact::Transfer(known.clone()))
        .collect();
    Receipt::from_facts(ReceiptSource::Staff, change.order.id, said, change.order.updated_at, correlation_id)
}
