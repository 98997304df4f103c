//! The tokens of links in mails: signed and verified.
//!
//! A link's token is `<link id>.<base64url of HMAC-SHA256(key, "<kind>|<link id>")>`. The table of links has the ids
//! alone, so it is not enough to forge a token; neither are the keys, since each link must be in the table. Must not
//! know the store, nor how mails are sent.

use crate::MacKeys;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{LinkId, LinkKind};
use serde::Deserialize;

/// What links are signed with: the first key signs, all of them check.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct LinkKeys(MacKeys);

impl LinkKeys {
    /// The token that a mail's link ends with.
    pub fn sign(&self, kind: LinkKind, id: LinkId) -> String {
        let tag = self.0.sign(signed(kind, id).as_bytes());
        format!("{id}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// The link of a token; `None` if the signature is invalid, or for another kind of link. Whether the link is still
    /// valid is the store's to say.
    pub fn verify(&self, kind: LinkKind, token: &str) -> Option<LinkId> {
        let (id, tag) = token.split_once('.')?;
        let (id, tag) = (id.parse().ok()?, BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?);
        self.0.verify(signed(kind, id).as_bytes(), &tag).then_some(id)
    }
}

/// What the signature covers.
fn signed(kind: LinkKind, id: LinkId) -> String {
    format!("{}|{id}", kind.as_str())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const OLD: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const NEW: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

    fn keys(keys: &[&str]) -> LinkKeys {
        serde_json::from_value(serde_json::json!({ "keys": keys })).unwrap()
    }

    fn id(number: u128) -> LinkId {
        LinkId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_token_stands_for_its_link_and_kind() {
        let keys = keys(&[OLD]);
        let token = keys.sign(LinkKind::VerifyEmail, id(1));
        assert!(token.starts_with("lnk_00000000000000000000000000000001."), "{token}");
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)), "safe in an address: {token}");
        assert_eq!(keys.verify(LinkKind::VerifyEmail, &token), Some(id(1)));
        assert_eq!(keys.verify(LinkKind::ResetPassword, &token), None, "a link for one thing is none for another");
    }

    #[test]
    fn what_was_not_signed_here_is_no_link() {
        let keys = keys(&[OLD]);
        let token = keys.sign(LinkKind::VerifyEmail, id(1));
        let (_, tag) = token.split_once('.').unwrap();
        for forged in [
            String::new(),
            id(1).to_string(),
            format!("{}.", id(1)),
            format!("{}.{tag}", id(2)),
            format!("{token}A"),
            format!("{token}="),
            token[..token.len() - 4].to_owned(),
        ] {
            assert_eq!(keys.verify(LinkKind::VerifyEmail, &forged), None, "{forged}");
        }
        assert_eq!(super::tests::keys(&[NEW]).verify(LinkKind::VerifyEmail, &token), None, "another's key");
    }

    #[test]
    fn links_of_before_a_rotation_stay_good() {
        let before = keys(&[OLD]).sign(LinkKind::ResetPassword, id(1));
        let rotated = keys(&[NEW, OLD]);
        assert_eq!(rotated.verify(LinkKind::ResetPassword, &before), Some(id(1)));
        assert_ne!(rotated.sign(LinkKind::ResetPassword, id(1)), before);
    }
}
