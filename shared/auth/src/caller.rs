//! Who is calling.

use std::{fmt, str::FromStr};

use domain::{CustomerId, UserId};
use serde::{Deserialize, Serialize};

/// A caller whose token was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is, and with that, in which role.
    pub who: Who,
    /// The token's own id (`jti`), for logs and for revocation.
    pub token_id: String,
}

/// A person in a role. A customer is never staff: who works for the shop and also buys there has two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Buys.
    Customer(CustomerId),
    /// Looks after everybody's orders.
    Staff(UserId),
    /// Does what staff do, and looks after the catalogue.
    Admin(UserId),
}

/// The part that a caller plays, as tokens and the authorizer's context spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// [`Who::Customer`].
    Customer,
    /// [`Who::Staff`].
    Staff,
    /// [`Who::Admin`].
    Admin,
}

/// The text names no role.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such role; there are customer, staff and admin")]
pub struct UnknownRole;

impl Who {
    /// From a role and an id; none if the id is not of the kind that the role has (`cus_…` for customers, `usr_…` for
    /// the others).
    pub fn new(role: Role, id: &str) -> Option<Self> {
        match role {
            Role::Customer => id.parse().ok().map(Self::Customer),
            Role::Staff => id.parse().ok().map(Self::Staff),
            Role::Admin => id.parse().ok().map(Self::Admin),
        }
    }

    /// The role.
    pub const fn role(self) -> Role {
        match self {
            Self::Customer(_) => Role::Customer,
            Self::Staff(_) => Role::Staff,
            Self::Admin(_) => Role::Admin,
        }
    }

    /// The customer, if it is one.
    pub const fn customer(self) -> Option<CustomerId> {
        match self {
            Self::Customer(id) => Some(id),
            Self::Staff(_) | Self::Admin(_) => None,
        }
    }
}

/// The id: `cus_…` or `usr_…`.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Staff(id) | Self::Admin(id) => id.fmt(f),
        }
    }
}

impl Role {
    /// The role's name in tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let roles = [Self::Customer, Self::Staff, Self::Admin];
        roles.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}
