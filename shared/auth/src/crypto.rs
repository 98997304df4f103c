//! ring as the cryptography behind `jsonwebtoken`, so that TLS and tokens share one provider.
//!
//! ES256 and nothing else: ECDSA on P-256 with SHA-256, signatures of a fixed 64 bytes (RFC 7518, section 3.4). The
//! provider is global to the process, so code that signs or verifies calls [`install`] first.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey},
};
use signature::{Error, Signer, Verifier};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // Only needed to turn private keys into JWKs, which `mint` does by itself.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes ring the process's provider. May be called more than once.
pub(crate) fn install() {
    // The only failure is that there is one already: this one.
    let _ = RING.install_default();
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "jsonwebtoken gives the signature")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::ES256 => Ok(Box::new(Es256Signer::new(key)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "jsonwebtoken gives the signature")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::ES256 => Ok(Box::new(Es256Verifier::new(key)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct Es256Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Es256Signer {
    fn new(key: &EncodingKey) -> Result<Self> {
        if key.family() != AlgorithmFamily::Ec {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_bytes(), &random)
            .map_err(|_| ErrorKind::InvalidEcdsaKey)?;
        Ok(Self { key, random })
    }
}

impl Signer<Vec<u8>> for Es256Signer {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        self.key.sign(&self.random, message).map(|signature| signature.as_ref().to_vec()).map_err(|_| Error::new())
    }
}

impl JwtSigner for Es256Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct Es256Verifier(UnparsedPublicKey<Vec<u8>>);

impl Es256Verifier {
    fn new(key: &DecodingKey) -> Result<Self> {
        if key.family() != AlgorithmFamily::Ec {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        Ok(Self(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.try_get_as_bytes()?.to_vec())))
    }
}

impl Verifier<Vec<u8>> for Es256Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Es256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Header, crypto::verify, encode};
    use serde_json::json;

    use super::*;

    /// RFC 7515, appendix A.3: a signature made by another implementation.
    #[test]
    fn the_rfcs_es256_example_verifies() {
        install();
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let key = DecodingKey::from_ec_components(
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        )
        .unwrap();
        assert!(verify(signature, message.as_bytes(), &key, Algorithm::ES256).unwrap());
        assert!(!verify(signature, &message.as_bytes()[1..], &key, Algorithm::ES256).unwrap());
    }

    #[test]
    fn other_algorithms_and_foreign_keys_are_refused() {
        install();
        let (secret, nonsense) = (EncodingKey::from_secret(b"secret"), EncodingKey::from_ec_der(b"nonsense"));
        for (algorithm, key) in
            [(Algorithm::HS256, &secret), (Algorithm::ES256, &secret), (Algorithm::ES256, &nonsense)]
        {
            assert!(encode(&Header::new(algorithm), &json!({}), key).is_err());
        }
    }
}
