//! Path and query parameters.

use domain::{FieldError, KeyId, OrderId, OrderStatus};
use lambda_http::{Request, RequestExt};
use store::{MAX_PAGE, PageRequest};
use tracing::Span;
use utoipa::IntoParams;

use crate::ApiError;

/// The items on a page when the caller gives no limit.
pub const DEFAULT_PAGE: usize = 20;

/// Which part of a list to return.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// The most items to return.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    #[param(min_length = 2, max_length = 342, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

/// The order in the path.
///
/// # Errors
///
/// 404 for a malformed id, as for an unknown one.
pub fn order_id(request: &Request) -> Result<OrderId, ApiError> {
    let id = path_parameter(request, "order_id").and_then(|text| text.parse().ok());
    let id: OrderId = id.ok_or(ApiError::NotFound("order"))?;
    trace_order(id);
    Ok(id)
}

/// The API key in the path.
///
/// # Errors
///
/// 404 for a malformed id, as for an unknown one.
pub fn key_id(request: &Request) -> Result<KeyId, ApiError> {
    let id = path_parameter(request, "key_id").and_then(|text| text.parse().ok());
    id.ok_or(ApiError::NotFound("API key"))
}

/// Adds the order's id to every log line of this request.
pub fn trace_order(id: OrderId) {
    Span::current().record("order_id", tracing::field::display(id));
}

/// A parameter of the path, decoded.
pub fn path_parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.path_parameters_ref()?.first(name)
}

/// `limit` (1 to 100, else 20) and `cursor`.
///
/// # Errors
///
/// 422 for a limit out of bounds or a malformed cursor.
pub fn page(request: &Request) -> Result<PageRequest, ApiError> {
    let limit = match query(request, "limit") {
        None => DEFAULT_PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_PAGE).contains(limit))
            .ok_or_else(|| FieldError::new("limit", format!("must be 1 to {MAX_PAGE}")))?,
    };
    let after = query(request, "cursor")
        .map(|text| text.parse().map_err(|_| FieldError::new("cursor", "must be a cursor from this list")))
        .transpose()?;
    Ok(PageRequest { limit, after })
}

/// `status`, if given.
///
/// # Errors
///
/// 422 for an unknown status.
pub fn status(request: &Request) -> Result<Option<OrderStatus>, ApiError> {
    let Some(text) = query(request, "status") else { return Ok(None) };
    let status = text.parse().map_err(|_| {
        let words: Vec<_> = OrderStatus::ALL.map(OrderStatus::as_str).into();
        FieldError::new("status", format!("must be one of {}", words.join(", ")))
    })?;
    Ok(Some(status))
}

fn query<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query_string_parameters_ref()?.first(name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use store::Cursor;

    use super::*;

    fn asked(parameters: &[(&str, &str)]) -> Request {
        let parameters: HashMap<String, String> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request::default().with_query_string_parameters(parameters)
    }

    fn fault<T: std::fmt::Debug>(read: Result<T, ApiError>) -> String {
        match read {
            Err(ApiError::InvalidField(fault)) => fault.field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pages_have_bounds() {
        assert_eq!(page(&Request::default()).unwrap(), PageRequest { limit: 20, after: None });
        let cursor = Cursor::after("sort-key-1");
        let read = page(&asked(&[("limit", "100"), ("cursor", &cursor.to_string())])).unwrap();
        assert_eq!(read, PageRequest { limit: 100, after: Some(cursor) });
        for limit in ["0", "101", "-1", "many", "", "1e3"] {
            assert_eq!(fault(page(&asked(&[("limit", limit)]))), "limit", "{limit}");
        }
        assert_eq!(fault(page(&asked(&[("cursor", "!")]))), "cursor");
    }

    #[test]
    fn a_status_is_one_of_the_words() {
        assert_eq!(status(&Request::default()).unwrap(), None);
        assert_eq!(status(&asked(&[("status", "paid")])).unwrap(), Some(OrderStatus::Paid));
        for text in ["Paid", "", "unknown"] {
            assert_eq!(fault(status(&asked(&[("status", text)]))), "status", "{text}");
        }
    }

    #[test]
    fn what_cannot_be_an_orders_id_is_not_found() {
        for id in ["", "1", "ord_1", "cus_00000000000000000000000000000001"] {
            let request =
                Request::default().with_path_parameters(HashMap::from([("order_id".to_owned(), id.to_owned())]));
            assert!(matches!(order_id(&request), Err(ApiError::NotFound("order"))), "{id}");
        }
        assert!(matches!(order_id(&Request::default()), Err(ApiError::NotFound("order"))));
    }
}
