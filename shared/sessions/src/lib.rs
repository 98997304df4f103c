//! Sessions: what somebody who signed in is given, and what keeps them signed in.
//!
//! An access token (a JWT, good for 15 minutes) for every call, and a refresh token (opaque, good once) for the next
//! access token. Browsers get the refresh token as a cookie that no script can read, everybody else in the body. What
//! may become of a session is decided in `domain`; here it is carried out. Must not know how people sign in.

mod answer;
mod issuer;
mod keys;
mod origins;
mod token;

pub use answer::{CLEARED_COOKIE, Delivery, SignedIn, TokenAnswer};
pub use issuer::Issuer;
pub use keys::{Keys, RefreshKeys, SessionKeys};
pub use origins::{AllowedOrigins, InvalidOrigins};
pub use token::{InvalidRefreshToken, RefreshToken, Shown};
