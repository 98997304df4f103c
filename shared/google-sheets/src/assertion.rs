//! The assertion of the JWT bearer grant (RFC 7523), as Google describes it for service accounts:
//! <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::Timestamp;
use ring::{rand::SystemRandom, signature::RSA_PKCS1_SHA256};
use serde_json::json;

use crate::{ServiceAccount, SheetsError};

/// What the token is for: reading and writing spreadsheets that are shared with the account.
const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets";

/// Google's longest life of an assertion, in seconds.
const LIFE: i64 = 3600;

/// A JWT, signed RS256, that says who we are.
pub(crate) fn assertion(account: &ServiceAccount, now: Timestamp) -> Result<String, SheetsError> {
    let header = json!({"alg": "RS256", "kid": account.key_id, "typ": "JWT"});
    let claims = json!({
        "aud": account.token_uri,
        "exp": now.seconds() + LIFE,
        "iat": now.seconds(),
        "iss": account.email,
        "scope": SCOPE,
    });
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let mut signature = vec![0; account.key.public().modulus_len()];
    account
        .key
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| SheetsError::Unsigned)?;
    Ok(format!("{signed}.{}", encode(&signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Signed with openssl 3 (`openssl dgst -sha256 -sign`) over the same header and claims: RS256 has no randomness.
    const EXPECTED: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS0xIiwidHlwIjoiSldUIn0.eyJhdWQiOiJodHRwczovL2dvb2dsZS50ZXN0L3Rva2VuIiwiZXhwIjoxNzkwMDAzNjAwLCJpYXQiOjE3OTAwMDAwMDAsImlzcyI6Im9yZGVyc0B0ZXN0LmlhbS5nc2VydmljZWFjY291bnQuY29tIiwic2NvcGUiOiJodHRwczovL3d3dy5nb29nbGVhcGlzLmNvbS9hdXRoL3NwcmVhZHNoZWV0cyJ9.YjTfCIWTAC0MIfOt9f3Bh1wbXhwo3mMTMCtowmvar9uIe77akkWbYGLotbZNHPVS2663cQpzSm02iupfLu4Rf8f-whsky6L0mHvz6hfoygw42_UfIznbqoGoPJrQUSjTfwrnDOq0zXhLPU3ZZglNtLznhKsjikLZyJvcgmWNiSqfR6_zPwLgsu_A7KHkCMUR58lmM7X2Pz0keIvPRuLAhSU2ZKjj8ANhyvt6rTqxhWzjKjaExyCuTQrTfFTqP7QbCb5jJtCu4aPaDoHZDuhG0uyhlp7f9q222wMwzcXFOL4SAuEs-yvx5d0LvWKicL9vbJTYnRti9kPgqu6-ijwgXA";

    #[test]
    fn the_assertion_is_what_openssl_signs() {
        let account = ServiceAccount::from_json(include_str!("../testdata/service_account.json")).unwrap();
        assert_eq!(assertion(&account, Timestamp::from_seconds(1_790_000_000)).unwrap(), EXPECTED);
    }
}
