//! The signed event webhook: ECDSA P-256 with SHA-256 over the timestamp and the raw body.
//! Source: SendGrid's "Getting Started with the Event Webhook Security Features".

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

/// DER of a `SubjectPublicKeyInfo` for a P-256 key, up to the point itself (RFC 5480).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key for development that stands in the repository and guards nothing.
pub const DEVELOPMENT: &str = include_str!("../../fixtures/sendgrid_signing_key.txt");

/// The signing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// Not base64.
    #[error("the signing key is not base64")]
    Encoding(#[from] base64::DecodeError),
    /// Not a PKCS#8 document of a P-256 key.
    #[error("the signing key is not a P-256 key in PKCS#8: {0}")]
    Rejected(ring::error::KeyRejected),
    /// The machine has no randomness to make a key from.
    #[error("no signing key could be made")]
    NoRandomness,
}

/// The webhook's key pair.
#[derive(Debug)]
pub struct SigningKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl SigningKey {
    /// Takes a PKCS#8 document in base64.
    pub fn from_base64(pkcs8: &str) -> Result<Self, SigningKeyError> {
        let random = SystemRandom::new();
        let pkcs8 = STANDARD.decode(pkcs8.trim())?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8, &random)
            .map_err(SigningKeyError::Rejected)?;
        Ok(Self { pair, random })
    }

    /// A fresh key: its PKCS#8 document in base64, for the settings.
    pub fn generate() -> Result<String, SigningKeyError> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
            .map(|document| STANDARD.encode(document))
            .map_err(|_| SigningKeyError::NoRandomness)
    }

    /// The public key as SendGrid's settings page shows it: base64 of its SPKI DER, no PEM armour.
    pub fn public_key(&self) -> String {
        STANDARD.encode([&SPKI_PREFIX, self.pair.public_key().as_ref()].concat())
    }

    /// The signature header's value; empty when the machine has no randomness left.
    pub fn sign(&self, timestamp: &str, body: &Bytes) -> String {
        let message = [timestamp.as_bytes(), body].concat();
        self.pair.sign(&self.random, &message).map(|signature| STANDARD.encode(signature)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    use super::*;

    #[test]
    fn the_exposed_key_verifies_and_every_byte_counts() {
        let key = SigningKey::from_base64(&SigningKey::generate().unwrap()).unwrap();
        let spki = STANDARD.decode(key.public_key()).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &spki[SPKI_PREFIX.len()..]);
        let signature = STANDARD.decode(key.sign("1600112502", &Bytes::from_static(b"[{}]\r\n"))).unwrap();
        assert!(public.verify(b"1600112502[{}]\r\n", &signature).is_ok());
        assert!(public.verify(b"1600112502[{}]", &signature).is_err());
        assert!(public.verify(b"1600112503[{}]\r\n", &signature).is_err());
    }

    /// The vector that the npm package `@sendgrid/eventwebhook` publishes in its tests.
    #[test]
    fn the_published_vector_is_signed_over_timestamp_and_raw_body() {
        let key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
        let signature =
            "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
        let body = concat!(
            r#"[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","#,
            r#""sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","#,
            r#""sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","#,
            r#""smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#,
            "\r\n"
        );
        let spki = STANDARD.decode(key).unwrap();
        assert_eq!(spki[..SPKI_PREFIX.len()], SPKI_PREFIX);
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &spki[SPKI_PREFIX.len()..]);
        let signature = STANDARD.decode(signature).unwrap();
        assert!(public.verify(format!("1600112502{body}").as_bytes(), &signature).is_ok());
        assert!(public.verify(format!("1600112502{}", body.trim()).as_bytes(), &signature).is_err());
    }

    #[test]
    fn a_foreign_document_is_refused_and_the_development_key_is_none() {
        assert!(matches!(SigningKey::from_base64("bm8ga2V5"), Err(SigningKeyError::Rejected(_))));
        assert!(matches!(SigningKey::from_base64("?"), Err(SigningKeyError::Encoding(_))));
        assert_eq!(SigningKey::from_base64(DEVELOPMENT).unwrap().public_key().len(), 124);
    }
}
