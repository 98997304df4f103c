//! What each role may do. Pure: the whole table is in this file.
//!
//! | | customer | staff | admin |
//! |---|---|---|---|
//! | place orders | yes | | |
//! | list own orders | yes | | |
//! | list all orders | | yes | yes |
//! | change the catalogue | | | yes |
//! | read, cancel an order | own | any | any |
//! | pay an order | own | | |

use domain::CustomerId;

use crate::{Caller, Who};

/// Something that is not about one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Place an order, in the own name.
    PlaceOrders,
    /// See the list of the own orders.
    ListOwnOrders,
    /// See the list of everybody's orders.
    ListAllOrders,
    /// Add and change products, their prices and stock.
    ChangeCatalogue,
}

/// Something to be done with one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderAction {
    /// See the order and its history.
    Read,
    /// Cancel the order.
    Cancel,
    /// Start or confirm its payment.
    Pay,
}

/// The policy's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Go on.
    Granted,
    /// The caller may know the order, but not do this (403).
    Forbidden,
    /// The caller must not learn that there is such an order (404).
    Hidden,
}

/// Whether a caller may do something that is not about one order.
pub const fn may(caller: &Caller, permission: Permission) -> bool {
    match permission {
        Permission::PlaceOrders | Permission::ListOwnOrders => matches!(caller.who, Who::Customer(_)),
        Permission::ListAllOrders => matches!(caller.who, Who::Staff(_) | Who::Admin(_)),
        Permission::ChangeCatalogue => matches!(caller.who, Who::Admin(_)),
    }
}

/// Whether a caller may do something with an order of this customer's.
pub fn on_order(caller: &Caller, owner: CustomerId, action: OrderAction) -> Access {
    match (caller.who, action) {
        (Who::Customer(id), _) if id == owner => Access::Granted,
        (Who::Customer(_), _) => Access::Hidden,
        (Who::Staff(_) | Who::Admin(_), OrderAction::Read | OrderAction::Cancel) => Access::Granted,
        (Who::Staff(_) | Who::Admin(_), OrderAction::Pay) => Access::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use domain::UserId;
    use uuid::Uuid;

    use super::*;

    fn caller(who: Who) -> Caller {
        Caller { who, token_id: "token-1".to_owned() }
    }

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    fn callers() -> [Caller; 3] {
        // The same 128 bits as the owner's: a user is not a customer.
        let user = UserId::from_uuid(Uuid::from_u128(1));
        [Who::Customer(customer(1)), Who::Staff(user), Who::Admin(user)].map(caller)
    }

    #[test]
    fn the_table_holds() {
        use Permission::{ChangeCatalogue, ListAllOrders, ListOwnOrders, PlaceOrders};
        for (permission, allowed) in [
            (PlaceOrders, [true, false, false]),
            (ListOwnOrders, [true, false, false]),
            (ListAllOrders, [false, true, true]),
            (ChangeCatalogue, [false, false, true]),
        ] {
            assert_eq!(callers().map(|caller| may(&caller, permission)), allowed, "{permission:?}");
        }
    }

    #[test]
    fn an_order_is_its_owners_and_the_staffs() {
        use Access::{Forbidden, Granted, Hidden};
        for (action, own, others) in [
            (OrderAction::Read, [Granted, Granted, Granted], [Hidden, Granted, Granted]),
            (OrderAction::Cancel, [Granted, Granted, Granted], [Hidden, Granted, Granted]),
            (OrderAction::Pay, [Granted, Forbidden, Forbidden], [Hidden, Forbidden, Forbidden]),
        ] {
            assert_eq!(callers().map(|caller| on_order(&caller, customer(1), action)), own, "{action:?}");
            assert_eq!(callers().map(|caller| on_order(&caller, customer(2), action)), others, "{action:?}");
        }
    }
}
