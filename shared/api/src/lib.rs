//! The HTTP of our API: reading requests, responses, and problem details (RFC 9457).
//!
//! The one place where errors become statuses, where every request is checked against its function's [`Endpoint`] and
//! its rate limit, and where every response gets its security headers and its correlation id. Knows the caller (from
//! the authorizer's context) and asks `auth`'s policy; must not know Stripe, SendGrid or AWS's clients.

mod answer;
mod body;
mod bucket;
mod cache;
mod caller;
mod class;
mod cookies;
mod edge;
mod endpoint;
mod error;
mod fields;
mod keys;
mod lambda;
mod negotiation;
mod orders;
mod parameters;
mod problem;
mod products;
mod refunds;
mod respond;
mod settle;

pub use answer::{Acknowledgement, Response, created, empty, json, ok, received, see_other};
pub use body::{MAX_BODY, body};
pub use bucket::{Owner, email_digest};
pub use cache::{StaticText, cacheable, cacheable_text};
pub use caller::{FRESH_SIGN_IN, caller, own_account, own_order, require, require_fresh_sign_in};
pub use class::{Class, Subject, WithoutTable};
pub use cookies::{cookie, with_cookie};
pub use edge::Edge;
pub use endpoint::{Callers, Endpoint, Query};
pub use error::ApiError;
pub use fields::{REPLAYED, correlation_id, deadline, idempotency_key};
pub use keys::{KeyAnswer, scopes_schema};
pub use lambda::{request, run};
pub use lambda_http::Request;
pub use orders::{LineAnswer, OrderAnswer, ReviewAnswer};
pub use parameters::{DEFAULT_PAGE, PageParameters, key_id, order_id, page, path_parameter, status, trace_order};
pub use problem::{Problem, ProblemType};
pub use products::{PageAnswer, ProductAnswer};
pub use refunds::OrderRefund;
pub use respond::respond;
pub use settle::{MayConflict, settle};
