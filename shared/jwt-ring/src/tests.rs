use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Header, Validation, crypto::verify, decode, encode};
use ring::signature::{KeyPair, RsaKeyPair};

use super::*;

/// Made for these tests with `openssl genpkey -algorithm RSA`; nothing else trusts it.
const RSA_KEY: &str = include_str!("test_rsa.pem");

type Claims = BTreeMap<String, String>;

fn claims() -> Claims {
    BTreeMap::from([("scope".to_owned(), "https://www.googleapis.com/auth/spreadsheets".to_owned())])
}

fn no_time_checks(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation
}

/// RFC 7515, appendix A.3: an ES256 signature that others made.
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

/// RFC 7515, appendix A.2: an RS256 signature that others made.
#[test]
fn the_rfcs_rs256_example_verifies() {
    install();
    let message = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let modulus = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let key = DecodingKey::from_rsa_components(modulus, "AQAB").unwrap();
    assert!(verify(signature, message.as_bytes(), &key, Algorithm::RS256).unwrap());
    assert!(!verify(signature, &message.as_bytes()[1..], &key, Algorithm::RS256).unwrap());
}

#[test]
fn an_rs256_grant_verifies_with_its_public_key() {
    install();
    let der = pkcs8_from_pem(RSA_KEY).unwrap();
    let header = Header::new(Algorithm::RS256);
    let token = encode(&header, &claims(), &EncodingKey::from_rsa_der(&der)).unwrap();

    let public = RsaKeyPair::from_pkcs8(&der).unwrap();
    let key = DecodingKey::from_rsa_der(public.public_key().as_ref());
    assert_eq!(decode::<Claims>(&token, &key, &no_time_checks(Algorithm::RS256)).unwrap().claims, claims());
    assert!(decode::<Claims>(&token, &key, &no_time_checks(Algorithm::ES256)).is_err());
}

#[test]
fn other_algorithms_and_foreign_keys_are_refused() {
    install();
    let der = pkcs8_from_pem(RSA_KEY).unwrap();
    let secret = EncodingKey::from_secret(b"secret");
    assert!(encode(&Header::new(Algorithm::HS256), &claims(), &secret).is_err());
    assert!(encode(&Header::new(Algorithm::ES256), &claims(), &EncodingKey::from_ec_der(&der)).is_err());
    assert!(encode(&Header::new(Algorithm::RS256), &claims(), &secret).is_err());
    assert!(encode(&Header::new(Algorithm::RS384), &claims(), &EncodingKey::from_rsa_der(&der)).is_err());
}

#[test]
fn pem_is_read_and_nonsense_is_refused() {
    let body: String = RSA_KEY.lines().filter(|line| !line.starts_with("---")).collect();
    let standard = body.replace('+', "-").replace('/', "_");
    let der = URL_SAFE_NO_PAD.decode(standard.trim_end_matches('=')).unwrap();
    assert_eq!(pkcs8_from_pem(RSA_KEY), Ok(der));
    let public = RSA_KEY.replace("PRIVATE", "PUBLIC");
    for text in ["", "nonsense", public.as_str(), &RSA_KEY[..100]] {
        assert_eq!(pkcs8_from_pem(text), Err(InvalidPem));
    }
}
