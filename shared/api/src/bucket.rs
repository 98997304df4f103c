//! Names of rate limit buckets: whose requests they count.

use std::net::{IpAddr, Ipv6Addr};

use domain::EmailAddress;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use sha2::{Digest, Sha256};

use crate::class::Subject;
use crate::{Class, caller};

/// The owner part of a bucket's name. It does not reveal the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    subject: Subject,
    digest: String,
}

impl Owner {
    /// The caller if known, else the IP address of the request.
    pub fn of(request: &Request) -> Self {
        match caller(request) {
            Ok(caller) => Self::new(Subject::Principal, &caller.who.to_string()),
            Err(_) => Self::address_of(request),
        }
    }

    /// The IP address of the request, whoever the caller is.
    pub fn address_of(request: &Request) -> Self {
        Self::new(Subject::Address, &address(source_ip(request).unwrap_or_default()))
    }

    /// Whether the owner is a caller or an address.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// Half of the SHA-256 of the owner's id or address, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The owner's bucket of a class.
    pub fn bucket(&self, class: Class) -> String {
        format!("{}/{}", class.as_str(), self.digest)
    }

    /// The hash only keeps ids and addresses out of sight: they are few enough to be guessed.
    fn new(subject: Subject, text: &str) -> Self {
        Self { subject, digest: hex::encode(&Sha256::digest(text)[..16]) }
    }
}

/// An email address's part in the name of a bucket: half of the SHA-256 of its lower-case form, in hex.
pub fn email_digest(email: &EmailAddress) -> String {
    hex::encode(&Sha256::digest(email.lower_case())[..16])
}

/// API Gateway reports the address of the connection; no header counts.
fn source_ip(request: &Request) -> Option<&str> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else { return None };
    context.http.source_ip.as_deref()
}

/// An IPv4 address alone; of an IPv6 address the first 64 bits, since one customer has all of the rest. All malformed
/// addresses count as one.
fn address(text: &str) -> String {
    match text.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_ipv6_address_the_network_counts() {
        assert_eq!(address("2001:db8:1:2:aaaa::1"), address("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(address("unix:"), address(""));
    }

    #[test]
    fn a_bucket_shows_neither_id_nor_address() {
        let bucket = Owner::new(Subject::Address, &address("192.0.2.1")).bucket(Class::Read);
        assert_eq!((bucket.len(), bucket.split_once('/').unwrap().0), ("read/".len() + 32, "read"));
        assert_ne!(bucket, Owner::new(Subject::Address, &address("192.0.2.2")).bucket(Class::Read));
    }
}
