//! Signing in with an OpenID provider: which account an external identity belongs to.

use super::{Account, AccountChange, AccountEventType, AccountId, CommandContext, Identity, Role};
use crate::{CustomerId, EmailAddress, Timestamp};

/// What a provider says of a person, once its ID token is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The person's identity at the provider.
    pub identity: Identity,
    /// The email address, if the provider has verified it.
    pub verified_email: Option<EmailAddress>,
}

/// The accounts that match an external identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountMatches {
    /// The account that the identity is linked to.
    pub by_identity: Option<Account>,
    /// The account with the email address, verified or not.
    pub by_email: Option<Account>,
}

/// The outcome of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    /// The account is known and does not change.
    Known(Account),
    /// The account's next state must be stored first.
    Change(Box<AccountChange>),
}

/// Why an external sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExternalSignInError {
    /// A new identity without a verified address: unverified addresses prove nothing.
    #[error("the provider has not verified the address")]
    EmailNotVerified,
    /// The address belongs to a staff account: those cannot be opened by an external identity.
    #[error("accounts of staff are not linked by their address")]
    OfStaff,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The account is linked to another identity of the same provider: the address has a new owner there.
    #[error("the account belongs to another identity of this provider")]
    OtherIdentity,
}

impl Account {
    /// Decides which account an external identity signs in to.
    ///
    /// A known identity signs in to its account, whatever its address is now. Otherwise the verified address decides:
    /// it links a verified customer's account, and the owner is told which `provider` that was; it takes over an
    /// unverified account, without the password and the sessions of whoever registered it, who may be another person;
    /// or it creates an account with `fresh` as its id.
    ///
    /// # Errors
    ///
    /// [`ExternalSignInError`].
    pub fn sign_in_externally(
        external: &ExternalIdentity,
        found: AccountMatches,
        fresh: CustomerId,
        provider: &str,
        context: &CommandContext<'_>,
    ) -> Result<SignInOutcome, ExternalSignInError> {
        if found.by_identity.as_ref().or(found.by_email.as_ref()).is_some_and(Self::is_disabled) {
            return Err(ExternalSignInError::Disabled);
        }
        if let Some(account) = found.by_identity {
            return Ok(SignInOutcome::Known(account));
        }
        let email = external.verified_email.clone().ok_or(ExternalSignInError::EmailNotVerified)?;
        let change = match &found.by_email {
            Some(account) if account.email_verified_at.is_some() => {
                let mut change =
                    account.linked(&external.identity, context.now)?.telling(AccountEventType::ProviderLinked, context);
                for event in &mut change.events {
                    event.provider = Some(provider.to_owned());
                }
                change
            }
            // Whoever signs in is the only one who has shown that the address is theirs: nobody else is told.
            Some(account) => account.linked(&external.identity, context.now)?.quietly(),
            None => Self::of_identity(external.identity.clone(), email, fresh, context.now).quietly(),
        };
        Ok(SignInOutcome::Change(Box::new(AccountChange { before: found.by_email, ..change })))
    }

    fn linked(&self, identity: &Identity, now: Timestamp) -> Result<Self, ExternalSignInError> {
        if self.role != Role::Customer {
            return Err(ExternalSignInError::OfStaff);
        }
        if self.identities.iter().any(|known| known.issuer == identity.issuer) {
            return Err(ExternalSignInError::OtherIdentity);
        }
        let mut after = self.clone();
        if self.email_verified_at.is_none() {
            after.email_verified_at = Some(now);
            after.password = None;
            after.sessions_since = now;
        }
        after.identities.push(identity.clone());
        after.updated_at = now;
        after.version += 1;
        Ok(after)
    }

    fn of_identity(identity: Identity, email: EmailAddress, id: CustomerId, now: Timestamp) -> Self {
        Self {
            id: AccountId::Customer(id),
            role: Role::Customer,
            email,
            email_verified_at: Some(now),
            password: None,
            identities: vec![identity],
            sessions_since: now,
            disabled_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{EventId, LinkId, PasswordHash, UserId};

    const THEN: Timestamp = Timestamp::from_seconds(1_000);
    const NOW: Timestamp = Timestamp::from_seconds(2_000);

    fn identity(subject: &str) -> Identity {
        Identity { issuer: "https://id.test".to_owned(), subject: subject.to_owned() }
    }

    fn external(email: Option<&str>) -> ExternalIdentity {
        ExternalIdentity { identity: identity("sub-1"), verified_email: email.map(|email| email.parse().unwrap()) }
    }

    fn account(role: Role, verified: bool) -> Account {
        let id = Uuid::from_u128(1);
        Account {
            id: match role {
                Role::Customer => AccountId::Customer(CustomerId::from_uuid(id)),
                Role::Staff | Role::Admin => AccountId::User(UserId::from_uuid(id)),
            },
            role,
            email: "Ada@shop.example".parse().unwrap(),
            email_verified_at: verified.then_some(THEN),
            password: Some(PasswordHash("$argon2id$".to_owned())),
            identities: Vec::new(),
            sessions_since: THEN,
            disabled_at: None,
            created_at: THEN,
            updated_at: THEN,
            version: 3,
        }
    }

    fn judge(external: &ExternalIdentity, found: AccountMatches) -> Result<SignInOutcome, ExternalSignInError> {
        let (event, link) = (EventId::from_uuid(Uuid::from_u128(7)), LinkId::from_uuid(Uuid::from_u128(8)));
        let context = CommandContext { event, link, correlation_id: "corr", now: NOW };
        Account::sign_in_externally(external, found, CustomerId::from_uuid(Uuid::from_u128(9)), "google", &context)
    }

    fn by_email(account: Account) -> AccountMatches {
        AccountMatches { by_email: Some(account), by_identity: None }
    }

    fn after(account: Option<&Account>) -> Account {
        let found = AccountMatches { by_email: account.cloned(), by_identity: None };
        match judge(&external(Some("ada@shop.example")), found) {
            Ok(SignInOutcome::Change(change)) => {
                assert_eq!(change.before.as_ref(), account);
                let was_verified = account.is_some_and(|account| account.email_verified_at.is_some());
                let told: Vec<_> =
                    change.events.iter().map(|event| (event.event_type, event.provider.as_deref())).collect();
                let expected = was_verified.then_some((AccountEventType::ProviderLinked, Some("google")));
                assert_eq!(told, Vec::from_iter(expected));
                assert!(change.link.is_none() && change.uses.is_none());
                change.after.unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_known_identity_finds_its_account_whatever_the_address_says() {
        let known = account(Role::Customer, true);
        for email in [None, Some("new@shop.example")] {
            let found = AccountMatches { by_identity: Some(known.clone()), by_email: Some(account(Role::Staff, true)) };
            assert_eq!(judge(&external(email), found), Ok(SignInOutcome::Known(known.clone())));
        }
    }

    #[test]
    fn an_address_that_nobody_verified_counts_for_nothing() {
        for found in [AccountMatches::default(), by_email(account(Role::Customer, true))] {
            assert_eq!(judge(&external(None), found), Err(ExternalSignInError::EmailNotVerified));
        }
    }

    #[test]
    fn a_verified_account_is_linked_and_keeps_its_password_and_sessions_and_its_owner_is_told() {
        let before = account(Role::Customer, true);
        let linked = Account { identities: vec![identity("sub-1")], updated_at: NOW, version: 4, ..before.clone() };
        assert_eq!(after(Some(&before)), linked);
    }

    #[test]
    fn an_unverified_account_is_taken_over_without_what_its_maker_knows() {
        let before = account(Role::Customer, false);
        let taken = after(Some(&before));
        assert_eq!((taken.id, taken.version), (before.id, 4));
        assert_eq!((taken.password, taken.sessions_since, taken.email_verified_at), (None, NOW, Some(NOW)));
        assert_eq!(taken.identities, [identity("sub-1")]);
    }

    #[test]
    fn a_new_address_is_a_new_customer_without_a_password() {
        let new = after(None);
        assert_eq!(
            (new.id, new.role),
            (AccountId::Customer(CustomerId::from_uuid(Uuid::from_u128(9))), Role::Customer)
        );
        assert_eq!((new.password, new.email_verified_at, new.version), (None, Some(NOW), 1));
        assert_eq!((new.email.as_str(), new.identities), ("ada@shop.example", vec![identity("sub-1")]));
    }

    #[test]
    fn accounts_of_staff_are_never_linked_by_their_address() {
        for role in [Role::Staff, Role::Admin] {
            for verified in [true, false] {
                let refused = judge(&external(Some("ada@shop.example")), by_email(account(role, verified)));
                assert_eq!(refused, Err(ExternalSignInError::OfStaff));
            }
        }
    }

    #[test]
    fn a_disabled_account_is_opened_neither_by_its_identity_nor_by_its_address() {
        let disabled = Account { disabled_at: Some(THEN), ..account(Role::Customer, true) };
        let by_identity = AccountMatches { by_identity: Some(disabled.clone()), by_email: None };
        for found in [by_identity, by_email(disabled)] {
            assert_eq!(judge(&external(Some("ada@shop.example")), found), Err(ExternalSignInError::Disabled));
        }
    }

    #[test]
    fn an_address_that_changed_hands_at_the_provider_opens_nothing() {
        let mut linked = account(Role::Customer, true);
        linked.identities = vec![identity("sub-0")];
        let refused = judge(&external(Some("ada@shop.example")), by_email(linked.clone()));
        assert_eq!(refused, Err(ExternalSignInError::OtherIdentity));
        linked.identities[0].issuer = "https://other.test".to_owned();
        assert_eq!(after(Some(&linked)).identities.len(), 2, "a second provider is another matter");
    }
}
