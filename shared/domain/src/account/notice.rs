//! Decides what a mail about an account says, from the state at the time of sending.

use super::{Account, AccountEvent, AccountEventType, ApiKey, Link, LinkKind};
use crate::Timestamp;

/// A mail about an account that is worth sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNotice<'a> {
    /// Verify your email address with this link.
    VerifyEmail(&'a Link),
    /// A registration used your email address.
    AlreadyRegistered,
    /// Reset your password with this link.
    ResetPassword(&'a Link),
    /// Your password was changed at this time.
    PasswordChanged(Timestamp),
    /// You can sign in with this OpenID provider since this time.
    ProviderLinked(&'a str, Timestamp),
    /// This key of yours is about to expire.
    ApiKeyExpiring(&'a ApiKey),
}

impl<'a> AccountNotice<'a> {
    /// Decides on the notice for an event, from the account, link and key as they are stored now. `None` when the event
    /// is outdated: the account is gone, disabled or verified already, the link or the key is no longer valid.
    pub fn decide(
        event: &'a AccountEvent,
        account: Option<&Account>,
        link: Option<&'a Link>,
        key: Option<&'a ApiKey>,
        now: Timestamp,
    ) -> Option<Self> {
        let account = account.filter(|account| account.id == event.account_id && !account.is_disabled())?;
        let good_link = |kind| link.filter(|link| Some(link.id) == event.link_id && link.is_for(kind, account, now));
        match event.event_type {
            AccountEventType::Registered if account.email_verified_at.is_none() => {
                good_link(LinkKind::VerifyEmail).map(Self::VerifyEmail)
            }
            AccountEventType::Registered | AccountEventType::Erased => None,
            AccountEventType::RegistrationRepeated => Some(Self::AlreadyRegistered),
            AccountEventType::PasswordResetRequested => good_link(LinkKind::ResetPassword).map(Self::ResetPassword),
            AccountEventType::PasswordChanged => Some(Self::PasswordChanged(event.at)),
            AccountEventType::ProviderLinked => {
                event.provider.as_deref().map(|provider| Self::ProviderLinked(provider, event.at))
            }
            AccountEventType::ApiKeyExpiring => {
                let key = key.filter(|key| Some(key.id) == event.key_id)?;
                (key.revoked_at.is_none() && now < key.expires_at).then_some(Self::ApiKeyExpiring(key))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyId, LinkId, Role, Scopes, TokenHash};

    const OWNER: &str = "usr_00000000000000000000000000000001";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn account(verified: bool) -> Account {
        Account {
            id: OWNER.parse().unwrap(),
            role: Role::Admin,
            email: "anna@example.com".parse().unwrap(),
            email_verified_at: verified.then(|| at(1)),
            password: None,
            identities: vec![],
            sessions_since: at(0),
            disabled_at: None,
            created_at: at(0),
            updated_at: at(0),
            version: 1,
        }
    }

    fn event(event_type: AccountEventType) -> AccountEvent {
        AccountEvent {
            event_id: "evt_00000000000000000000000000000002".parse().unwrap(),
            event_type,
            schema_version: 1,
            account_id: OWNER.parse().unwrap(),
            link_id: "lnk_00000000000000000000000000000003".parse().ok(),
            key_id: "key_00000000000000000000000000000004".parse().ok(),
            provider: Some("google".to_owned()),
            at: at(10),
            correlation_id: "corr".into(),
        }
    }

    fn link(kind: LinkKind) -> Link {
        let id: LinkId = "lnk_00000000000000000000000000000003".parse().unwrap();
        Link { id, kind, account: OWNER.parse().unwrap(), since: at(0), expires_at: at(100) }
    }

    fn key() -> ApiKey {
        let id: KeyId = "key_00000000000000000000000000000004".parse().unwrap();
        ApiKey {
            id,
            secret: TokenHash(String::new()),
            name: "reporting".into(),
            scopes: Scopes::default(),
            customer: "cus_00000000000000000000000000000005".parse().unwrap(),
            created_by: "usr_00000000000000000000000000000001".parse().unwrap(),
            created_at: at(0),
            expires_at: at(100),
            revoked_at: None,
            revoked_by: None,
            last_used_at: None,
            noticed_days: None,
            version: 1,
        }
    }

    #[test]
    fn a_link_is_mailed_while_it_is_of_use() {
        use AccountEventType as T;
        use LinkKind as K;
        let decide = |event_type, verified, link: Option<&Link>, now| {
            AccountNotice::decide(&event(event_type), Some(&account(verified)), link, None, at(now)).is_some()
        };
        let (verify, reset) = (link(K::VerifyEmail), link(K::ResetPassword));
        for (sent, event_type, verified, link, now) in [
            (true, T::Registered, false, Some(&verify), 99),
            (false, T::Registered, false, Some(&verify), 100),
            (false, T::Registered, true, Some(&verify), 99),
            (false, T::Registered, false, Some(&reset), 99),
            (false, T::Registered, false, None, 99),
            (true, T::PasswordResetRequested, true, Some(&reset), 99),
            (true, T::PasswordResetRequested, false, Some(&reset), 99),
            (false, T::PasswordResetRequested, true, Some(&reset), 100),
            (false, T::PasswordResetRequested, true, Some(&verify), 99),
            (false, T::PasswordResetRequested, true, None, 99),
            (true, T::RegistrationRepeated, true, None, 99),
            (true, T::PasswordChanged, true, None, 99),
            (true, T::ProviderLinked, true, None, 99),
            (false, T::Erased, true, None, 99),
        ] {
            assert_eq!(decide(event_type, verified, link, now), sent, "{event_type} {verified} {link:?} at {now}");
        }
    }

    #[test]
    fn a_link_of_another_account_or_an_earlier_password_is_mailed_to_nobody() {
        let strangers =
            Link { account: "cus_00000000000000000000000000000009".parse().unwrap(), ..link(LinkKind::VerifyEmail) };
        let another =
            Link { id: "lnk_00000000000000000000000000000009".parse().unwrap(), ..link(LinkKind::VerifyEmail) };
        let event = event(AccountEventType::Registered);
        let older = Link { since: at(-1), ..link(LinkKind::VerifyEmail) };
        for link in [strangers, another, older] {
            assert_eq!(AccountNotice::decide(&event, Some(&account(false)), Some(&link), None, at(20)), None);
        }
    }

    #[test]
    fn a_keys_end_is_told_while_it_is_still_to_come() {
        let event = event(AccountEventType::ApiKeyExpiring);
        let decide = |key: Option<&ApiKey>, now| {
            AccountNotice::decide(&event, Some(&account(true)), None, key, at(now)).is_some()
        };
        assert!(decide(Some(&key()), 99) && !decide(Some(&key()), 100) && !decide(None, 99));
        assert!(!decide(Some(&ApiKey { revoked_at: Some(at(50)), ..key() }), 99), "revoked");
    }

    #[test]
    fn nothing_is_mailed_about_an_account_that_is_gone_or_disabled() {
        let (link, key) = (link(LinkKind::VerifyEmail), key());
        let disabled = |verified| Account { disabled_at: Some(at(5)), ..account(verified) };
        for event_type in [
            AccountEventType::Registered,
            AccountEventType::RegistrationRepeated,
            AccountEventType::PasswordResetRequested,
            AccountEventType::PasswordChanged,
            AccountEventType::ProviderLinked,
            AccountEventType::Erased,
            AccountEventType::ApiKeyExpiring,
        ] {
            for account in [None, Some(disabled(false)), Some(disabled(true))] {
                let event = event(event_type);
                let decided = AccountNotice::decide(&event, account.as_ref(), Some(&link), Some(&key), at(20));
                assert_eq!(decided, None, "{event_type}");
            }
        }
    }
}
