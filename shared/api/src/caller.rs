//! The caller, and what the policy allows.

use std::time::Duration;

use auth::{Access, Caller, NoCaller, OrderAction, Permission};
use domain::{AccountId, Order, OrderId, Timestamp};
use lambda_http::{Request, RequestExt};
use store::Orders;

use crate::ApiError;

/// How long a sign-in counts as fresh.
pub const FRESH_SIGN_IN: Duration = Duration::from_mins(5);

/// The caller, from the authorizer's context.
///
/// # Errors
///
/// 401 when there is none: the authorizer refused the token, the route has no authorizer, or the function was invoked
/// without API Gateway.
pub fn caller(request: &Request) -> Result<Caller, ApiError> {
    let context = request.request_context_ref().and_then(|context| context.authorizer());
    let fields = &context.ok_or(ApiError::Unauthenticated)?.fields;
    Caller::from_context(|name| fields.get(name)?.as_str()).map_err(|error| match error {
        NoCaller::Refused => ApiError::InvalidToken,
        NoCaller::Missing => ApiError::Unauthenticated,
    })
}

/// Checks that the caller's role may do this.
///
/// # Errors
///
/// 403 when it may not.
pub fn require(caller: &Caller, permission: Permission) -> Result<(), ApiError> {
    if auth::may(caller, permission) { Ok(()) } else { Err(ApiError::Forbidden) }
}

/// The caller's own account, which customers and staff have and services do not.
///
/// # Errors
///
/// 401 when there is no caller, 403 for a service.
pub fn own_account(request: &Request) -> Result<AccountId, ApiError> {
    let caller = caller(request)?;
    require(&caller, Permission::ManageOwnAccount)?;
    caller.who.account().ok_or(ApiError::Forbidden)
}

/// Checks that the caller has just signed in: for what cannot be undone and is confirmed by nothing else. A token that is
/// refreshed keeps the time of its sign-in.
///
/// # Errors
///
/// 401 when that was more than [`FRESH_SIGN_IN`] ago, or is not known.
pub fn require_fresh_sign_in(caller: &Caller, now: Timestamp) -> Result<(), ApiError> {
    let is_fresh = caller.auth_time.is_some_and(|at| now < at.plus(FRESH_SIGN_IN));
    if is_fresh { Ok(()) } else { Err(ApiError::SignInTooOld) }
}

/// The order, if the caller may do this to it.
///
/// # Errors
///
/// 404 when there is none or the caller must not know of it, 403 when the caller may see the order but not do this, 503
/// when the table is unavailable.
pub async fn own_order(
    orders: &impl Orders,
    caller: &Caller,
    id: OrderId,
    action: OrderAction,
) -> Result<Order, ApiError> {
    let order = orders.find(id).await?.ok_or(ApiError::NotFound("order"))?;
    match auth::on_order(caller, order.customer, action) {
        Access::Granted => Ok(order),
        Access::Forbidden => Err(ApiError::Forbidden),
        Access::Hidden => Err(ApiError::NotFound("order")),
    }
}
