//! The cookie of a browser that has signed in to an account before: it has tries of its own, which nobody else can use up.
//!
//! Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies". It opens nothing: the password is asked for all
//! the same. A browser has one, of the account that signed in there last.

use std::time::Duration;

use api::Request;
use domain::{EmailAddress, Timestamp};
use resilience::Ids;
use uuid::Uuid;

use crate::RefreshKeys;

const COOKIE: &str = "__Secure-device";
const ATTRIBUTES: &str = "HttpOnly; Secure; SameSite=Strict; Path=/v1/auth";
/// How long a browser is known after a sign-in. The text of the cookie has its end: a browser may keep it for longer.
const LIFETIME: Duration = Duration::from_hours(90 * 24);

/// A browser that has signed in to the account that it was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device(Uuid);

impl Device {
    /// The browser that sends the request, if it has signed in to the account with this email address.
    pub fn of(request: &Request, email: &EmailAddress, keys: &RefreshKeys, now: Timestamp) -> Option<Self> {
        let mut parts = api::cookie(request, COOKIE)?.splitn(3, '.');
        let (id, end, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let (id, end) = (Uuid::try_parse(id).ok()?, Timestamp::from_seconds(end.parse().ok()?));
        let is_signed = keys.0.verify(signed(id, end, email).as_bytes(), &hex::decode(tag).ok()?);
        (is_signed && now < end).then_some(Self(id))
    }

    /// Makes the browser known that has just signed in to the account, or set its password by a link: the value of a
    /// `Set-Cookie` header.
    pub fn cookie(email: &EmailAddress, keys: &RefreshKeys, ids: &impl Ids, now: Timestamp) -> String {
        let (id, end) = (ids.fresh(), now.plus(LIFETIME));
        let tag = hex::encode(keys.0.sign(signed(id, end, email).as_bytes()));
        let value = format!("{}.{}.{tag}", id.simple(), end.seconds());
        format!("{COOKIE}={value}; {ATTRIBUTES}; Max-Age={}", LIFETIME.as_secs())
    }

    /// Its part in the name of its bucket.
    pub(crate) fn bucket(self) -> String {
        self.0.simple().to_string()
    }
}

/// What the signature covers. Refresh tokens, which follow by the same keys, are hex digits alone.
fn signed(id: Uuid, end: Timestamp, email: &EmailAddress) -> String {
    format!("device|{}|{}|{}", id.simple(), end.seconds(), email.lower_case())
}

#[cfg(test)]
mod tests {
    use http::header;
    use resilience::SeededIds;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const OLD: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const NEW: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    fn keys(keys: &[&str]) -> RefreshKeys {
        serde_json::from_value(serde_json::json!({ "keys": keys })).unwrap()
    }

    fn email(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    fn given() -> String {
        let cookie = Device::cookie(&email("anna@example.com"), &keys(&[OLD]), &SeededIds::new(1), NOW);
        cookie.split(';').next().unwrap().to_owned()
    }

    fn shown(cookie: &str) -> Request {
        let mut request = Request::default();
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        request
    }

    #[test]
    fn a_browser_is_known_to_its_account_until_the_cookie_ends() {
        let known = |cookie: &str, account: &str, by: &[&str], now| {
            Device::of(&shown(cookie), &email(account), &keys(by), now).is_some()
        };
        let (cookie, late) = (given(), NOW.plus(LIFETIME));
        assert!(known(&cookie, "Anna@Example.com", &[OLD], NOW));
        assert!(known(&cookie, "anna@example.com", &[NEW, OLD], NOW), "a rotation forgets nobody");
        assert!(!known(&cookie, "ben@example.com", &[OLD], NOW), "each account by itself");
        assert!(!known(&cookie, "anna@example.com", &[NEW], NOW));
        assert!(!known(&cookie, "anna@example.com", &[OLD], late));
        let (id, rest) = cookie.split_once('.').unwrap();
        let (end, tag) = rest.split_once('.').unwrap();
        let later = end.parse::<i64>().unwrap() + 1;
        let other = Uuid::from_u128(7).simple();
        for forged in [
            format!("{id}.{later}.{tag}"),
            format!("__Secure-device={other}.{end}.{tag}"),
            format!("{id}.{end}."),
            format!("{id}.{end}"),
            format!("{id}.{end}.{}", &tag[..62]),
            format!("{cookie}; {cookie}"),
            "__Secure-device=".to_owned(),
        ] {
            assert!(!known(&forged, "anna@example.com", &[OLD], NOW), "{forged}");
        }
    }

    #[test]
    fn the_cookie_shows_no_address_and_each_sign_in_makes_another() {
        let ids = SeededIds::new(1);
        let make = || Device::cookie(&email("anna@example.com"), &keys(&[OLD]), &ids, NOW);
        let cookie = make();
        assert!(!cookie.contains("anna"), "{cookie}");
        assert!(cookie.ends_with("; HttpOnly; Secure; SameSite=Strict; Path=/v1/auth; Max-Age=7776000"), "{cookie}");
        assert_ne!(cookie, make());
    }
}
