//! RSA keys from files.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::signature::RsaKeyPair;

/// The text is not an RSA key in PKCS#8 PEM.
#[derive(Debug, thiserror::Error)]
#[error("the private key is not an RSA key in PKCS#8 PEM")]
pub struct InvalidKey;

/// Reads a private key.
pub fn from_pem(pem: &str) -> Result<RsaKeyPair, InvalidKey> {
    let armoured = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect::<String>();
    let der = STANDARD.decode(armoured).map_err(|_| InvalidKey)?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| InvalidKey)
}
