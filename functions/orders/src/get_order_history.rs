//! `GET /v1/orders/{order_id}/history`: everything that happened to an order.

mod entry;
mod window;

use api::{ApiError, Class, Endpoint, PageParameters, Response};
use auth::{OrderAction, Permission};
use domain::OrderId;
use lambda_http::Request;
use serde::Serialize;
use store::{MailEffects, Orders, SheetRows};
use utoipa::ToSchema;

pub use entry::{HistoryEntry, MailState};
use window::Window;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::guarded(Class::Read).with_query(&["limit", "cursor"]);

/// A page of an order's history, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct History {
    /// The order.
    order_id: OrderId,
    /// What happened.
    items: Vec<HistoryEntry>,
    /// The `cursor` of the next page; `null` at the end.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Lists the history of an order.
///
/// The history holds the order's events, Stripe's and the staff's answers, the ledger entries, the emails and, for callers
/// who may list all orders, the row in the sheet and who did what, by time. `limit` counts events; the other entries
/// stand on the page of their time.
///
/// # Errors
///
/// 401 no caller, 404 no such order or another's, 422 a parameter breaks a rule, 503 a table is down.
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}/history",
    operation_id = "get-order-history",
    tag = "orders",
    params(PageParameters),
    responses((status = 200, description = "A page of the order's history, oldest first", body = History)),
    security(("access_token" = ["customer", "staff", "admin"]), ("api_key" = ["orders:place", "orders:read"])),
)]
pub async fn handle(
    env: &(impl capabilities::Effects + capabilities::Orders),
    request: Request,
) -> Result<Response, ApiError> {
    let (orders, mails, rows) = (env.orders(), env.mails(), env.rows());
    let caller = api::caller(&request)?;
    let id = api::order_id(&request)?;
    let page = api::page(&request)?;
    let (page, since) = window::open(page);
    api::own_order(orders, &caller, id, OrderAction::Read).await?;

    let events = orders.events(id, &page).await?;
    let window = Window { since, until: events.next.as_ref().and(events.items.last()).map(|event| event.at) };
    let next_cursor = events.next.map(|cursor| window.close(&cursor).to_string());
    let receipts = orders.receipts(id).await?;
    let ledger = orders.ledger(id).await?;
    let mails = mails.mails_about(id).await?;
    let sees_all = auth::may(&caller, Permission::ListAllOrders);
    // A row's number tells how many orders there are.
    let rows = if sees_all { rows.rows_of(id).await? } else { Vec::new() };

    let money = receipts.iter().map(HistoryEntry::from).chain(ledger.iter().map(HistoryEntry::from));
    let effects = mails.iter().filter_map(HistoryEntry::of_mail).chain(rows.iter().filter_map(HistoryEntry::of_row));
    let others = money.chain(effects).filter(|entry| window.contains(entry.at()));
    let mut items: Vec<HistoryEntry> = events.items.iter().map(HistoryEntry::from).chain(others).collect();
    items.sort_by_key(HistoryEntry::at);
    if !sees_all {
        items = items.into_iter().map(HistoryEntry::without_actor).collect();
    }
    api::ok(&History { order_id: id, items, next_cursor })
}
