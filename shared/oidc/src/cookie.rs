//! The cookie that binds a sign-in under way to the browser that began it: without it, somebody could send their own
//! address with code and state to another person, who would then be signed in to the wrong account.

use std::time::Duration;

/// Its name. Browsers take `__Secure-` from https alone, and from this machine.
pub const COOKIE: &str = "__Secure-oauth";

/// How long somebody may take at the provider.
pub const FLOW_LIFETIME: Duration = Duration::from_mins(10);

/// Lax, since the provider's redirect comes from another site.
const ATTRIBUTES: &str = "HttpOnly; Secure; SameSite=Lax; Path=/v1/auth/oauth";

/// The cookie with the state of an attempt.
pub fn cookie(state: &str) -> String {
    format!("{COOKIE}={state}; {ATTRIBUTES}; Max-Age={}", FLOW_LIFETIME.as_secs())
}

/// What takes the cookie away.
pub fn no_cookie() -> String {
    format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0")
}
