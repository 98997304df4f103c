//! The caller.

use std::fmt;

use domain::{AccountId, Actor, CustomerId, KeyId, Role, Scopes, Timestamp, UserId};

/// A caller whose token or key was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The caller's identity and role.
    pub who: Who,
    /// The token's own id (`jti`), or the API key's: for logs.
    pub token_id: String,
    /// When the person signed in to the session that the token is of (`auth_time`, RFC 9068, section 2.2.1). `None` for a
    /// service, and for a token that no sign-in gave.
    pub auth_time: Option<Timestamp>,
}

/// A person in a role, or a service. A customer is never staff: a staff member who also buys has two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A customer, who places orders.
    Customer(CustomerId),
    /// Manages the orders of all customers.
    Staff(UserId),
    /// Does what staff do, and manages the catalogue.
    Admin(UserId),
    /// A service, by its API key.
    Service(Service),
}

/// A service that calls the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its key.
    pub key: KeyId,
    /// The customer in whose name it places orders.
    pub customer: CustomerId,
    /// Its scopes.
    pub scopes: Scopes,
}

impl Who {
    /// A person with a role and an id; `None` if the id is not of the role's kind (`cus_…` for customers, `usr_…` for
    /// the others).
    pub fn new(role: Role, id: &str) -> Option<Self> {
        match role {
            Role::Customer => id.parse().ok().map(Self::Customer),
            Role::Staff => id.parse().ok().map(Self::Staff),
            Role::Admin => id.parse().ok().map(Self::Admin),
        }
    }

    /// The person's role; `None` for a service.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Customer(_) => Some(Role::Customer),
            Self::Staff(_) => Some(Role::Staff),
            Self::Admin(_) => Some(Role::Admin),
            Self::Service(_) => None,
        }
    }

    /// The person's account; `None` for a service.
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Self::Customer(id) => Some(AccountId::Customer(id)),
            Self::Staff(id) | Self::Admin(id) => Some(AccountId::User(id)),
            Self::Service(_) => None,
        }
    }

    /// What changes are marked with: a service counts as its key.
    pub const fn actor(self) -> Actor {
        match self {
            Self::Customer(id) => Actor::Customer(id),
            Self::Staff(id) | Self::Admin(id) => Actor::User(id),
            Self::Service(service) => Actor::Service(service.key),
        }
    }

    /// The customer in whose name orders are placed: the caller, or the service's customer.
    pub const fn customer(self) -> Option<CustomerId> {
        match self {
            Self::Customer(id) | Self::Service(Service { customer: id, .. }) => Some(id),
            Self::Staff(_) | Self::Admin(_) => None,
        }
    }
}

/// The id: `cus_…`, `usr_…` or `key_…`.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.actor().fmt(f)
    }
}
