//! What stands at the API's edge: who calls, the routes that are about the API itself, and those that do not exist.
//!
//! A module is a function; `src/bin` has its program, and the passport beside `src` says what AWS has to know of it.

pub mod authorizer;
pub mod get_health;
pub mod get_jwks;
pub mod get_openapi;
pub mod unknown_route;
