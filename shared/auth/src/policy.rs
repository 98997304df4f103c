//! What each kind of caller may do. Pure: the whole table is in this file.
//!
//! | | customer | staff | admin | service with the scope |
//! |---|---|---|---|---|
//! | place orders | yes | | | `orders:place` |
//! | list own orders | yes | | | `orders:place` |
//! | list all orders | | yes | yes | `orders:read` |
//! | change the catalogue | | | yes | `catalogue:write` |
//! | look after API keys | | | yes | |
//! | look after the own account | yes | yes | yes | |
//! | read an order | own | any | any | own: `orders:place`; any: `orders:read` |
//! | cancel an order | own | any | any | own: `orders:place`; any: `orders:cancel` |
//! | pay an order | own | | | own: `orders:place` |
//!
//! Who may not even read an order must not learn that there is one (404); who may read it and not do this is told so
//! (403).

use domain::{CustomerId, Scope};

use crate::{Caller, Service, Who};

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
    /// Make, see and revoke API keys.
    ManageApiKeys,
    /// See the own account, change its password, erase it.
    ManageOwnAccount,
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
    use Permission::{ChangeCatalogue, ListAllOrders, ListOwnOrders, ManageApiKeys, ManageOwnAccount, PlaceOrders};
    match caller.who {
        Who::Customer(_) => matches!(permission, PlaceOrders | ListOwnOrders | ManageOwnAccount),
        Who::Staff(_) => matches!(permission, ListAllOrders | ManageOwnAccount),
        Who::Admin(_) => matches!(permission, ListAllOrders | ChangeCatalogue | ManageApiKeys | ManageOwnAccount),
        Who::Service(service) => match permission {
            PlaceOrders | ListOwnOrders => service.scopes.has(Scope::OrdersPlace),
            ListAllOrders => service.scopes.has(Scope::OrdersRead),
            ChangeCatalogue => service.scopes.has(Scope::CatalogueWrite),
            ManageApiKeys | ManageOwnAccount => false,
        },
    }
}

/// Whether a caller may do something with an order of this customer's.
pub fn on_order(caller: &Caller, owner: CustomerId, action: OrderAction) -> Access {
    let (sees, does) = match caller.who {
        Who::Customer(id) => (id == owner, id == owner),
        Who::Staff(_) | Who::Admin(_) => (true, matches!(action, OrderAction::Read | OrderAction::Cancel)),
        Who::Service(service) => of_service(service, owner, action),
    };
    match (sees, does) {
        (_, true) => Access::Granted,
        (true, false) => Access::Forbidden,
        (false, false) => Access::Hidden,
    }
}

/// Whether a service may see such an order, and whether it may do this with it.
fn of_service(Service { customer, scopes, .. }: Service, owner: CustomerId, action: OrderAction) -> (bool, bool) {
    let own = customer == owner && scopes.has(Scope::OrdersPlace);
    let sees = own || scopes.has(Scope::OrdersRead);
    let does = match action {
        OrderAction::Read => sees,
        OrderAction::Cancel => own || scopes.has(Scope::OrdersCancel),
        OrderAction::Pay => own,
    };
    (sees, does)
}

#[cfg(test)]
mod tests {
    use domain::{KeyId, Scopes, UserId};
    use uuid::Uuid;

    use super::*;

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    fn service(scopes: &str) -> Who {
        let key = KeyId::from_uuid(Uuid::from_u128(1));
        Who::Service(Service { key, customer: customer(1), scopes: scopes.parse::<Scopes>().unwrap() })
    }

    /// A customer, staff, an admin, and a service with each of the scopes, then with none.
    fn callers() -> [Caller; 8] {
        // The same 128 bits as the owner's: a user is not a customer.
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let [place, read, cancel, catalogue, none] =
            ["orders:place", "orders:read", "orders:cancel", "catalogue:write", ""].map(service);
        [Who::Customer(customer(1)), Who::Staff(user), Who::Admin(user), place, read, cancel, catalogue, none]
            .map(|who| Caller { who, token_id: "token-1".to_owned() })
    }

    #[test]
    fn the_table_holds() {
        use Permission::{ChangeCatalogue, ListAllOrders, ListOwnOrders, ManageApiKeys, ManageOwnAccount, PlaceOrders};
        for (permission, allowed) in [
            (PlaceOrders, [true, false, false, true, false, false, false, false]),
            (ListOwnOrders, [true, false, false, true, false, false, false, false]),
            (ListAllOrders, [false, true, true, false, true, false, false, false]),
            (ChangeCatalogue, [false, false, true, false, false, false, true, false]),
            (ManageApiKeys, [false, false, true, false, false, false, false, false]),
            (ManageOwnAccount, [true, true, true, false, false, false, false, false]),
        ] {
            assert_eq!(callers().map(|caller| may(&caller, permission)), allowed, "{permission:?}");
        }
    }

    #[test]
    fn an_order_is_its_owners_and_of_those_who_look_after_all() {
        use Access::{Forbidden as F, Granted as G, Hidden as H};
        for (action, own, others) in [
            (OrderAction::Read, [G, G, G, G, G, H, H, H], [H, G, G, H, G, H, H, H]),
            (OrderAction::Cancel, [G, G, G, G, F, G, H, H], [H, G, G, H, F, G, H, H]),
            (OrderAction::Pay, [G, F, F, G, F, H, H, H], [H, F, F, H, F, H, H, H]),
        ] {
            assert_eq!(callers().map(|caller| on_order(&caller, customer(1), action)), own, "{action:?}");
            assert_eq!(callers().map(|caller| on_order(&caller, customer(2), action)), others, "{action:?}");
        }
    }
}
