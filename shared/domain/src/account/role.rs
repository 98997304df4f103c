//! The role of an account.

use std::str::FromStr;

use utoipa::ToSchema;

string_enum! {
    /// The part that an account plays, as tokens, the store and the authorizer's context spell it. A customer is never
    /// staff: who works for the shop and also buys there has two accounts.
    #[derive(ToSchema)]
    pub enum Role {
        /// Buys.
        Customer = "customer",
        /// Looks after everybody's orders.
        Staff = "staff",
        /// Does what staff do, and looks after catalogue and API keys.
        Admin = "admin",
    }
}

/// The text is not a role.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such role; there are customer, staff and admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::from_word(text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_word_everywhere() {
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            assert_eq!(role.to_string(), role.as_str());
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("owner".parse::<Role>(), Err(UnknownRole));
    }
}
