//! The signed event webhook.
//!
//! ECDSA P-256 with SHA-256 over timestamp and raw body, the trailing CRLF included
//! (<https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>).

use std::fmt;
use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

/// The header with the signature: base64 of its DER form.
pub const SIGNATURE_HEADER: &str = "x-twilio-email-event-webhook-signature";
/// The header with the second at which it was signed.
pub const TIMESTAMP_HEADER: &str = "x-twilio-email-event-webhook-timestamp";

/// The oldest signature that is accepted. SendGrid retries a delivery for up to 24 hours and doesn't promise to sign it
/// again: with Stripe's five minutes, the events during an outage of ours would be lost, and with them the evidence
/// that mails of unknown outcome wait for. A replay within the day does nothing: events are deduplicated by
/// [`DeliveryEvent::identity`](crate::DeliveryEvent::identity), and a mail's state only moves forward.
pub const MAX_AGE: Duration = Duration::from_hours(25);

/// How far ahead of our clock a signature may be.
pub const MAX_AHEAD: Duration = Duration::from_mins(5);

/// The bytes before the curve point in every `SubjectPublicKeyInfo` of a P-256 key (RFC 5480, section 2).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The public key that verifies SendGrid's deliveries.
#[derive(Clone)]
pub struct WebhookKey(UnparsedPublicKey<Vec<u8>>);

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey")
    }
}

/// The text is not a P-256 public key in base64 SPKI form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the base64 text of a P-256 public key")]
pub struct InvalidKey;

/// Why a delivery is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature is not base64, or the timestamp not a number.
    #[error("malformed signature headers")]
    Malformed,
    /// The signature does not match.
    #[error("the signature does not match")]
    Mismatch,
    /// Signed longer ago than [`MAX_AGE`].
    #[error("signed too long ago")]
    TooOld,
    /// Signed further ahead than [`MAX_AHEAD`].
    #[error("signed in the future")]
    InFuture,
}

impl WebhookKey {
    /// Parses the key as SendGrid shows it: base64 of the SPKI DER form, without PEM armour.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`].
    pub fn from_base64(text: &str) -> Result<Self, InvalidKey> {
        let spki = BASE64_STANDARD.decode(text.trim()).map_err(|_| InvalidKey)?;
        // An uncompressed point: 0x04 and two coordinates of 32 bytes.
        match spki.strip_prefix(&SPKI_PREFIX) {
            Some(point) if point.len() == 65 && point[0] == 4 => {
                Ok(Self(UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point.to_vec())))
            }
            _ => Err(InvalidKey),
        }
    }

    /// Verifies the two headers against the body's raw bytes.
    ///
    /// # Errors
    ///
    /// [`SignatureError`]; respond with 400 and do nothing.
    pub fn verify(&self, signature: &str, timestamp: &str, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
        let signature = BASE64_STANDARD.decode(signature).map_err(|_| SignatureError::Malformed)?;
        let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
        let signed = [timestamp.as_bytes(), body].concat();
        self.0.verify(&signed, &signature).map_err(|_| SignatureError::Mismatch)?;
        let at = Timestamp::from_seconds(seconds);
        match (now.since(at), at.since(now)) {
            (age, _) if age > MAX_AGE => Err(SignatureError::TooOld),
            (_, ahead) if ahead > MAX_AHEAD => Err(SignatureError::InFuture),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From the npm package @sendgrid/eventwebhook 8.0.0, src/eventwebhook.spec.js.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    const SIGNATURE: &str =
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
    const SECONDS: i64 = 1_600_112_502;
    const BODY: &str = "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n";
    const OTHER_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==";
    const OTHER_SIGNATURE: &str =
        "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH3j/0=";

    const KEY_OF_TWO: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQ4LIFtWztlsF7skFqOncjD1lun4H5w8XOhyOArHW9RcIx/FfEzx6cikC/yPfUvwaX/JScE7Fc9CJD2afQ9Ok3Q==";
    const SIGNATURE_OF_TWO: &str =
        "MEYCIQC/I4o6vCgqRYrTljjoVWB/GRWNtxeePlLMHr3x9ETeRQIhAIpV+03nREPTTHWSW0wIOA0EoMPdcNgXa70yCaqDJlu5";
    const SECONDS_OF_TWO: i64 = 1_619_651_159;
    const BODY_OF_TWO: &str = "[{\"email\":\"invalid@gmail.com\",\"event\":\"processed\",\"send_at\":0,\"sg_event_id\":\"cHJvY2Vzc2VkLTE5OTQyMTEyLXFOd0JMZ1BRUWpXNkRKdktRd1NBYnctMA\",\"sg_message_id\":\"qNwBLgPQQjW6DJvKQwSAbw.filterdrecv-canary-547b64655b-cw6zx-1-6089EA4A-56.0\",\"smtp-id\":\"<qNwBLgPQQjW6DJvKQwSAbw@ismtpd0178p1mdw1.sendgrid.net>\",\"timestamp\":1619651146},\r\n{\"email\":\"invalid@gmail.com\",\"event\":\"bounce\",\"ip\":\"167.89.101.76\",\"reason\":\"552 5.2.2 The email account that you tried to reach is over quota and inactive. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaPerm c17si1130468pgv.34 - gsmtp\",\"sg_event_id\":\"Ym91bmNlLTAtMTk5NDIxMTItcU53QkxnUFFRalc2REp2S1F3U0Fidy0w\",\"sg_message_id\":\"qNwBLgPQQjW6DJvKQwSAbw.filterdrecv-canary-547b64655b-cw6zx-1-6089EA4A-56.0\",\"smtp-id\":\"<qNwBLgPQQjW6DJvKQwSAbw@ismtpd0178p1mdw1.sendgrid.net>\",\"status\":\"5.2.2\",\"timestamp\":1619651147,\"tls\":1,\"type\":\"blocked\"}]\r\n";

    fn verdict(key: &str, signature: &str, timestamp: &str, body: &str) -> Result<(), SignatureError> {
        let now = Timestamp::from_seconds(SECONDS + 10);
        WebhookKey::from_base64(key).unwrap().verify(signature, timestamp, body.as_bytes(), now)
    }

    #[test]
    fn the_published_vectors_are_accepted() {
        assert_eq!(verdict(KEY, SIGNATURE, &SECONDS.to_string(), BODY), Ok(()));
        let key = WebhookKey::from_base64(KEY_OF_TWO).unwrap();
        let now = Timestamp::from_seconds(SECONDS_OF_TWO);
        let timestamp = SECONDS_OF_TWO.to_string();
        assert_eq!(key.verify(SIGNATURE_OF_TWO, &timestamp, BODY_OF_TWO.as_bytes(), now), Ok(()));
    }

    #[test]
    fn every_byte_of_the_body_counts() {
        let seconds = SECONDS.to_string();
        for body in [BODY.trim_end(), "", "payload", &BODY.replace("dropped", "Dropped"), &format!("{BODY}\n")] {
            assert_eq!(verdict(KEY, SIGNATURE, &seconds, body), Err(SignatureError::Mismatch));
        }
        let key = WebhookKey::from_base64(KEY_OF_TWO).unwrap();
        let joined = BODY_OF_TWO.replace("},\r\n{", "},{");
        let now = Timestamp::from_seconds(SECONDS_OF_TWO);
        let verdict = key.verify(SIGNATURE_OF_TWO, &SECONDS_OF_TWO.to_string(), joined.as_bytes(), now);
        assert_eq!(verdict, Err(SignatureError::Mismatch));
    }

    #[test]
    fn another_key_signature_or_time_is_refused() {
        let seconds = SECONDS.to_string();
        assert_eq!(verdict(OTHER_KEY, SIGNATURE, &seconds, BODY), Err(SignatureError::Mismatch));
        assert_eq!(verdict(KEY, OTHER_SIGNATURE, &seconds, BODY), Err(SignatureError::Mismatch));
        assert_eq!(verdict(KEY, SIGNATURE, "1600112503", BODY), Err(SignatureError::Mismatch));
        assert_eq!(verdict(KEY, SIGNATURE, "timestamp", BODY), Err(SignatureError::Malformed));
        assert_eq!(verdict(KEY, "no base64!", &seconds, BODY), Err(SignatureError::Malformed));
        assert_eq!(verdict(KEY, "", &seconds, BODY), Err(SignatureError::Mismatch));
    }

    #[test]
    fn a_signature_outlives_a_days_outage_but_not_more() {
        let key = WebhookKey::from_base64(KEY).unwrap();
        let at = |later: i64| {
            let now = Timestamp::from_seconds(SECONDS + later);
            key.verify(SIGNATURE, &SECONDS.to_string(), BODY.as_bytes(), now)
        };
        assert_eq!((at(25 * 3600), at(25 * 3600 + 1)), (Ok(()), Err(SignatureError::TooOld)));
        assert_eq!((at(-300), at(-301)), (Ok(()), Err(SignatureError::InFuture)));
    }

    #[test]
    fn only_p256_keys_are_keys() {
        let compressed = BASE64_STANDARD.encode([&SPKI_PREFIX[..], &[2], &[7; 32]].concat());
        for text in ["", "AAAA", "not base64", &KEY[4..], &KEY.replace("MFkw", "MFow"), &compressed] {
            assert_eq!(WebhookKey::from_base64(text).unwrap_err(), InvalidKey, "{text}");
        }
    }
}
