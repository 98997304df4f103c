//! Sessions: the tokens of a sign-in, and their renewal.
//!
//! An access token (a JWT, good for 15 minutes) for every call, and a refresh token (opaque, good once) for the next
//! access token. Browsers get the refresh token as a cookie that no script can read, everybody else in the body. What
//! may become of a session is decided in `domain`; here it is carried out. And what the functions have in common that ask
//! for an address, a password or a link: the limits of each account, whose a link is, storing what was decided. Must not
//! know how passwords are compared.

mod answer;
mod decide;
mod device;
mod error;
mod issuer;
mod keys;
mod limits;
mod origins;
mod token;

pub use answer::{CLEARED_COOKIE, Delivery, IssuedTokens, TokenAnswer};
pub use decide::{command_context, linked, save};
pub use device::Device;
pub use error::SessionError;
pub use issuer::Issuer;
pub use keys::{Keys, RefreshKeys, SessionKeys};
pub use limits::{AccountLimits, PasswordTry};
pub use origins::{AllowedOrigins, InvalidOrigins};
pub use token::{InvalidRefreshToken, PresentedToken, RefreshToken};
