//! ring as the cryptography behind `jsonwebtoken`, so that TLS and tokens share one provider.
//!
//! ES256 for our own tokens, RS256 for Google's service-account grant; every other algorithm is refused. The provider
//! is one for the whole process, so everyone who signs or verifies calls [`install`] first. Must not know what a token
//! says.

mod ecdsa;
mod rsa;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // Only needed to turn private keys into JWKs, which `auth::mint` does by itself.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes ring the process's provider. May be called any number of times.
pub fn install() {
    // The only failure is that there is one already: this one.
    let _ = RING.install_default();
}

/// The text is not a PEM block with a PKCS#8 private key.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidPem;

impl std::fmt::Display for InvalidPem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a PEM block with a PKCS#8 private key")
    }
}

impl std::error::Error for InvalidPem {}

/// The DER inside `-----BEGIN PRIVATE KEY-----`: what `EncodingKey::from_ec_der` and `from_rsa_der` take here.
///
/// # Errors
///
/// [`InvalidPem`], which does not quote the text.
pub fn pkcs8_from_pem(pem: &str) -> std::result::Result<Vec<u8>, InvalidPem> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| InvalidPem)?;
    Ok(key.secret_pkcs8_der().to_vec())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "jsonwebtoken gives the signature")]
fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::ES256 => Ok(Box::new(ecdsa::Es256Signer::new(key)?)),
        Algorithm::RS256 => Ok(Box::new(rsa::Rs256Signer::new(key)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "jsonwebtoken gives the signature")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::ES256 => Ok(Box::new(ecdsa::Es256Verifier::new(key)?)),
        Algorithm::RS256 => Ok(Box::new(rsa::Rs256Verifier::new(key)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

#[cfg(test)]
mod tests;
