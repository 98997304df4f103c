//! The `Stripe-Signature` header.
//!
//! `t=<seconds>,v1=<hex>[,v1=<hex>]`: HMAC-SHA256 over `<t>.<raw body>` with the endpoint's secret
//! (<https://docs.stripe.com/webhooks#verify-manually>). Several `v1` come while a secret is being rolled.

use std::time::Duration;

use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a signature's time may be from ours, in either direction. Stripe's libraries accept any future time; a
/// signature from the future means a wrong clock or a forgery prepared for later.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// Why a delivery is not taken for Stripe's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header has no `t` or no `v1`.
    #[error("malformed signature header")]
    Malformed,
    /// No `v1` is the body's signature under any of the secrets.
    #[error("no signature matches")]
    Mismatch,
    /// Signed longer ago than [`TOLERANCE`].
    #[error("signed too long ago")]
    TooOld,
    /// Signed further ahead than [`TOLERANCE`].
    #[error("signed in the future")]
    InFuture,
}

/// Checks the header against the bytes as they arrived.
pub(crate) fn check(
    header: &str,
    body: &[u8],
    secrets: &[impl AsRef<str>],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let signed = SignatureHeader::parse(header).ok_or(SignatureError::Malformed)?;
    if !secrets.iter().any(|secret| signed.is_by(secret.as_ref(), body)) {
        return Err(SignatureError::Mismatch);
    }
    let at = Timestamp::from_seconds(signed.seconds);
    match (now.since(at), at.since(now)) {
        (age, _) if age > TOLERANCE => Err(SignatureError::TooOld),
        (_, ahead) if ahead > TOLERANCE => Err(SignatureError::InFuture),
        _ => Ok(()),
    }
}

struct SignatureHeader<'a> {
    /// As in the header: this text was signed.
    time: &'a str,
    seconds: i64,
    signatures: Vec<Vec<u8>>,
}

impl<'a> SignatureHeader<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let fields = || header.split(',').filter_map(|field| field.trim().split_once('='));
        let (_, time) = fields().find(|(name, _)| *name == "t")?;
        let signatures: Vec<_> =
            fields().filter(|(name, _)| *name == "v1").filter_map(|(_, hex)| hex::decode(hex).ok()).collect();
        let seconds = time.parse().ok()?;
        (!signatures.is_empty()).then_some(Self { time, seconds, signatures })
    }

    fn is_by(&self, secret: &str, body: &[u8]) -> bool {
        // An empty secret would let anyone sign.
        if secret.is_empty() {
            return false;
        }
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        let mac = mac.chain_update(self.time).chain_update(".").chain_update(body);
        self.signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with the official `stripe` package 16.1.0 for Python: `WebhookSignature.generate_signature_header(BODY, secret, 1790000000)`.
    const BODY: &str = r#"{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1790000000,"livemode":false,"data":{"object":{"id":"pi_1","object":"payment_intent"}}}"#;
    const SECRET: &str = "whsec_test_secret";
    const BY_SECRET: &str = "821de6b88537ff32cebd6dd02548065f3b8e8ec70135646b3433fff9b0f85115";
    const ROTATED: &str = "whsec_rotated_secret";
    const BY_ROTATED: &str = "b3fd58e44666a03fdb04ec4893b93c5e083bd9801c5350d8aa386fb0f3b94a6d";
    const UNICODE_BODY: &str = "{\"name\":\"Zoë – 注文\",\"n\":1}\n";
    const UNICODE_BY_SECRET: &str = "383693d564624a289d268c18e3bb858ab3f22810cc0d6ae29c9e786c7b5f852f";
    const SIGNED_AT: i64 = 1_790_000_000;

    fn verdict(header: &str, body: &str, secrets: &[&str], seconds_later: i64) -> Result<(), SignatureError> {
        check(header, body.as_bytes(), secrets, Timestamp::from_seconds(SIGNED_AT + seconds_later))
    }

    #[test]
    fn what_the_official_library_signed_is_accepted() {
        let header = format!("t={SIGNED_AT},v1={BY_SECRET}");
        assert_eq!(verdict(&header, BODY, &[SECRET], 0), Ok(()));
        let header = format!("t={SIGNED_AT},v1={UNICODE_BY_SECRET}");
        assert_eq!(verdict(&header, UNICODE_BODY, &[SECRET], 0), Ok(()));
    }

    #[test]
    fn while_a_secret_is_rolled_either_signature_and_either_secret_will_do() {
        let both = format!("t={SIGNED_AT},v1={BY_SECRET},v1={BY_ROTATED},v0={BY_SECRET}");
        for secrets in [&[SECRET][..], &[ROTATED], &[ROTATED, SECRET], &["whsec_other", ROTATED]] {
            assert_eq!(verdict(&both, BODY, secrets, 0), Ok(()), "{secrets:?}");
        }
        let one = format!("t={SIGNED_AT},v1={BY_ROTATED}");
        assert_eq!(verdict(&one, BODY, &[SECRET, ROTATED], 0), Ok(()));
        assert_eq!(verdict(&one, BODY, &[SECRET], 0), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_signature_is_good_for_300_seconds_both_ways() {
        let header = format!("t={SIGNED_AT},v1={BY_SECRET}");
        for (later, expected) in
            [(300, Ok(())), (301, Err(SignatureError::TooOld)), (-300, Ok(())), (-301, Err(SignatureError::InFuture))]
        {
            assert_eq!(verdict(&header, BODY, &[SECRET], later), expected, "{later}");
        }
    }

    #[test]
    fn any_change_of_body_time_or_signature_is_noticed() {
        let good = format!("t={SIGNED_AT},v1={BY_SECRET}");
        for (header, body) in [
            (good.clone(), format!("{BODY}\n")),
            (good.clone(), BODY.replace("\"pi_1\"", "\"pi_2\"")),
            (good.clone(), String::new()),
            (good.replace("t=1790000000", "t=1790000001"), BODY.to_owned()),
            (good.replace("t=1790000000", "t=01790000000"), BODY.to_owned()),
            (good.replace("v1=82", "v1=83"), BODY.to_owned()),
            (good[..good.len() - 2].to_owned(), BODY.to_owned()),
        ] {
            assert_eq!(verdict(&header, &body, &[SECRET], 0), Err(SignatureError::Mismatch), "{header}");
        }
    }

    #[test]
    fn without_a_secret_nothing_is_stripes() {
        let header = format!("t={SIGNED_AT},v1={BY_SECRET}");
        assert_eq!(verdict(&header, BODY, &[], 0), Err(SignatureError::Mismatch));
        // Made with Python's hmac and an empty key: anyone can.
        let by_anyone = "adb228c47a63833dd7330762c3719a414c3abc64830fa7be9948850da1e3bb3f";
        let header = format!("t={SIGNED_AT},v1={by_anyone}");
        assert_eq!(verdict(&header, BODY, &[""], 0), Err(SignatureError::Mismatch));
    }

    #[test]
    fn malformed_headers_are_told_apart() {
        for header in
            ["", "t=", "t=1790000000", "v1=00", "t=abc,v1=00", "t=1790000000,v0=00", "t=1790000000,v1=xyz", ",,=,"]
        {
            assert_eq!(verdict(header, BODY, &[SECRET], 0), Err(SignatureError::Malformed), "{header}");
        }
    }
}
