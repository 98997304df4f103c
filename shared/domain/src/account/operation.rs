//! What an operator may do with an account. There is no route for it: an operator has the table.

use super::{Account, AccountChange, AccountId, Role};
use crate::Timestamp;

/// The account cannot have this role: a customer is never staff, and has an id of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a customer is never staff: who is both has two accounts")]
pub struct RoleRefused;

impl Account {
    /// Whether nobody may sign in to it.
    pub const fn is_disabled(&self) -> bool {
        self.disabled_at.is_some()
    }

    /// Closes the account to every kind of sign-in. All sessions end. `None` when it is closed already.
    pub fn disable(&self, now: Timestamp) -> Option<AccountChange> {
        let disabled = || self.quietly_to(Self { disabled_at: Some(now), ..self.without_sessions(now) });
        (!self.is_disabled()).then(disabled)
    }

    /// Opens a disabled account again. `None` when it is not disabled.
    pub fn enable(&self, now: Timestamp) -> Option<AccountChange> {
        self.is_disabled().then(|| self.quietly_to(Self { disabled_at: None, ..self.next(now) }))
    }

    /// Gives the account another role. All sessions end, so that none goes on with the rights of before. `None` when it
    /// has the role.
    ///
    /// # Errors
    ///
    /// [`RoleRefused`].
    pub fn assign_role(&self, role: Role, now: Timestamp) -> Result<Option<AccountChange>, RoleRefused> {
        match (self.id, role) {
            _ if role == self.role => Ok(None),
            (AccountId::User(_), Role::Staff | Role::Admin) => {
                Ok(Some(self.quietly_to(Self { role, ..self.without_sessions(now) })))
            }
            _ => Err(RoleRefused),
        }
    }

    /// Ends all sessions.
    pub fn end_sessions(&self, now: Timestamp) -> AccountChange {
        self.quietly_to(self.without_sessions(now))
    }

    fn quietly_to(&self, after: Self) -> AccountChange {
        AccountChange { before: Some(self.clone()), ..after.quietly() }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{CustomerId, UserId};

    const THEN: Timestamp = Timestamp::from_seconds(1_000);
    const NOW: Timestamp = Timestamp::from_seconds(2_000);

    fn account(role: Role) -> Account {
        let id = Uuid::from_u128(1);
        Account {
            id: match role {
                Role::Customer => AccountId::Customer(CustomerId::from_uuid(id)),
                Role::Staff | Role::Admin => AccountId::User(UserId::from_uuid(id)),
            },
            role,
            email: "sam@shop.example".parse().unwrap(),
            email_verified_at: Some(THEN),
            password: None,
            identities: Vec::new(),
            sessions_since: THEN,
            disabled_at: None,
            created_at: THEN,
            updated_at: THEN,
            version: 3,
        }
    }

    /// The next state, of which nothing is told.
    #[track_caller]
    fn after(before: &Account, change: Option<AccountChange>) -> Account {
        let change = change.unwrap();
        assert_eq!(
            (change.before.as_ref(), change.events, change.link, change.uses),
            (Some(before), vec![], None, None)
        );
        change.after.unwrap()
    }

    #[test]
    fn an_account_is_disabled_and_enabled_once() {
        for role in [Role::Customer, Role::Staff, Role::Admin] {
            let before = account(role);
            let disabled = after(&before, before.disable(NOW));
            let next = Account { updated_at: NOW, version: 4, sessions_since: NOW, ..before.clone() };
            assert_eq!(disabled, Account { disabled_at: Some(NOW), ..next.clone() });
            assert_eq!(disabled.disable(NOW), None);
            let enabled = after(&disabled, disabled.enable(NOW));
            assert_eq!(enabled, Account { version: 5, ..next }, "sessions of before stay ended");
            assert_eq!(enabled.enable(NOW), None);
        }
    }

    #[test]
    fn staff_are_promoted_and_demoted_and_customers_stay_customers() {
        for (from, to, outcome) in [
            (Role::Staff, Role::Admin, Ok(true)),
            (Role::Admin, Role::Staff, Ok(true)),
            (Role::Staff, Role::Staff, Ok(false)),
            (Role::Customer, Role::Customer, Ok(false)),
            (Role::Customer, Role::Staff, Err(RoleRefused)),
            (Role::Customer, Role::Admin, Err(RoleRefused)),
            (Role::Staff, Role::Customer, Err(RoleRefused)),
        ] {
            let before = account(from);
            let changed = before.assign_role(to, NOW);
            assert_eq!(changed.as_ref().map(Option::is_some).map_err(|error| *error), outcome, "{from} {to}");
            if let Ok(change @ Some(_)) = changed {
                let expected = Account { role: to, sessions_since: NOW, updated_at: NOW, version: 4, ..before.clone() };
                assert_eq!(after(&before, change), expected);
            }
        }
    }

    #[test]
    fn ended_sessions_are_never_those_of_the_same_moment() {
        let before = Account { sessions_since: NOW, ..account(Role::Admin) };
        assert!(after(&before, Some(before.end_sessions(NOW))).sessions_since > NOW);
    }
}
