//! `POST /v1/orders/{order_id}/resolve-review`: staff decide about an order whose payments contradict it.

use api::{ApiError, Class, Endpoint, OrderAnswer, Response};
use auth::OrderAction;
use domain::{Order, ReviewDecision, Timestamp};
use lambda_http::Request;
use resilience::Clock;
use serde::{Deserialize, Serialize};
use store::update_from;
use utoipa::ToSchema;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Write);

/// The decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewBody {
    decision: ReviewDecision,
}

/// The order after the decision.
#[derive(Debug, Serialize, ToSchema)]
struct ReviewedOrder<'a> {
    #[serde(flatten)]
    order: OrderAnswer<'a>,
    /// The decision.
    decision: ReviewDecision,
    /// When.
    decided_at: Timestamp,
    /// The amount that this decision refunds and that is still to be refunded, in minor units of the order's currency.
    #[schema(minimum = 0)]
    refund_due: i64,
}

/// Resolves the review of an order.
///
/// Stores the decision for all payments known now; payments that become known later need another decision. Refunds are
/// made afterwards, by the consumer of the decision's event.
///
/// Repeating the same decision, while nothing is under review, gives the same answer.
///
/// # Errors
///
/// 400, 413, 415 for the body, 401 no caller, 403 not staff, 404 no such order, 409 the order needs no review, or there
/// is no excess to refund, 422 no such decision, 503 the table is down.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/resolve-review",
    operation_id = "resolve-review",
    tag = "payments",
    request_body = ReviewBody,
    responses((status = 200, description = "It is decided, now or before", body = ReviewedOrder)),
    security(("access_token" = ["staff", "admin"])),
    extensions(("x-problems" = json!(["nothing-to-review", "no-excess"]))),
)]
pub async fn handle(env: &impl capabilities::Orders, request: Request) -> Result<Response, ApiError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let ReviewBody { decision } = api::body(&request)?;
    let known = api::own_order(orders, &caller, id, OrderAction::ResolveReview).await?;

    let (correlation_id, by) = (api::correlation_id(&request), caller.who.to_string());
    let decide = |order: &Order| {
        let change = order.resolve_review(decision, &by, correlation_id.as_str(), clock.now())?;
        Ok::<_, domain::ReviewRefused>(change.map(|change| change.by(caller.who.actor())))
    };
    let order = update_from(orders, clock, ids, known, None, decide).await?;
    tracing::info!(order_id = %id, ?decision, by, "review resolved");
    let decided_at = order.review.as_ref().map_or(order.updated_at, |review| review.at);
    let reserved = order.open_refund_actions().map(|(_, refund)| refund.amount.amount);
    let refund_due = reserved.fold(order.refund_due(), i64::saturating_add);
    api::ok(&ReviewedOrder { order: OrderAnswer::from(&order), decision, decided_at, refund_due })
}
