//! The cookie that binds a sign-in to the browser that began it. Without it, an attacker could send a victim the
//! attacker's own redirect URL with code and state, which would sign the victim in to the wrong account.

use std::time::Duration;

/// The cookie's name. Browsers accept `__Secure-` from https alone, and from localhost.
pub const COOKIE: &str = "__Secure-oauth";

/// How long a person may take at the provider.
pub const FLOW_LIFETIME: Duration = Duration::from_mins(10);

/// Lax, since the provider's redirect comes from another site.
const ATTRIBUTES: &str = "HttpOnly; Secure; SameSite=Lax; Path=/v1/auth/oauth";

/// The cookie with an attempt's state.
pub fn cookie(state: &str) -> String {
    format!("{COOKIE}={state}; {ATTRIBUTES}; Max-Age={}", FLOW_LIFETIME.as_secs())
}

/// The header value that deletes the cookie.
pub fn no_cookie() -> String {
    format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0")
}
