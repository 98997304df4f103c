//! What each kind of caller may do. Pure: the whole table is in this file.
//!
//! | | customer | staff | admin | service with the scope |
//! |---|---|---|---|---|
//! | place orders | yes | | | `orders:place` |
//! | place orders on invoice | | | | `orders:place` with `orders:invoice` |
//! | list own orders | yes | | | `orders:place` |
//! | list all orders | | yes | yes | `orders:read` |
//! | change the catalogue | | | yes | `catalogue:write` |
//! | manage API keys | | | yes | |
//! | manage the own account | yes | yes | yes | |
//! | read an order | own | any | any | own: `orders:place`; any: `orders:read` |
//! | cancel an order | own | any | any | own: `orders:place`; any: `orders:cancel` |
//! | pay or edit an order | own | | | own: `orders:place` |
//! | fulfil an order | | any | any | any: `orders:fulfil` |
//! | refund an order | | any | any | any: `orders:refund` |
//! | record a transfer for an order, resolve a review | | any | any | |
//!
//! A caller who may not read an order must not learn that it exists (404); a caller who may read it but not do this
//! gets a 403.

use domain::{CustomerId, Scope};

use crate::{Caller, Service, Who};

/// An action that is not about one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Place an order, in the caller's own name.
    PlaceOrders,
    /// Place an order on invoice, to be paid later by bank transfer.
    PlaceOnInvoice,
    /// List the caller's own orders.
    ListOwnOrders,
    /// List the orders of all customers.
    ListAllOrders,
    /// Add and change products, their prices and stock.
    ChangeCatalogue,
    /// Create, list and revoke API keys.
    ManageApiKeys,
    /// See the caller's own account, change its password, delete it.
    ManageOwnAccount,
}

/// An action on one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderAction {
    /// See the order and its history.
    Read,
    /// Cancel the order.
    Cancel,
    /// Start or confirm its payment.
    Pay,
    /// Edit its lines, address and email address.
    Edit,
    /// Mark it as fulfilled.
    Fulfil,
    /// Record the bank transfer that paid it.
    MarkPaid,
    /// Refund it.
    Refund,
    /// Resolve its review.
    ResolveReview,
}

/// The policy's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Allowed.
    Granted,
    /// The caller may know of the order, but not do this (403).
    Forbidden,
    /// The caller must not learn that the order exists (404).
    Hidden,
}

/// Who may do something: a new permission or action says it for each kind of caller.
struct Rule {
    customer: bool,
    staff: bool,
    admin: bool,
    /// A service that has all of these scopes; none: no service.
    service: Option<&'static [Scope]>,
}

impl Rule {
    const fn of(customer: bool, staff: bool, admin: bool, service: Option<&'static [Scope]>) -> Self {
        Self { customer, staff, admin, service }
    }

    fn allows(&self, Service { scopes, .. }: Service) -> bool {
        self.service.is_some_and(|needed| needed.iter().all(|scope| scopes.has(*scope)))
    }
}

impl Permission {
    const fn rule(self) -> Rule {
        use Scope::{CatalogueWrite, OrdersInvoice, OrdersPlace, OrdersRead};
        // Of customers, staff, admins and services.
        match self {
            Self::PlaceOrders | Self::ListOwnOrders => Rule::of(true, false, false, Some(&[OrdersPlace])),
            Self::PlaceOnInvoice => Rule::of(false, false, false, Some(&[OrdersPlace, OrdersInvoice])),
            Self::ListAllOrders => Rule::of(false, true, true, Some(&[OrdersRead])),
            Self::ChangeCatalogue => Rule::of(false, false, true, Some(&[CatalogueWrite])),
            Self::ManageApiKeys => Rule::of(false, false, true, None),
            Self::ManageOwnAccount => Rule::of(true, true, true, None),
        }
    }
}

impl OrderAction {
    /// Of a customer, and of a service that places orders, this is about the own orders; of all others, about everybody's.
    const fn rule(self) -> Rule {
        use Scope::{OrdersCancel, OrdersFulfil, OrdersRead, OrdersRefund};
        // Of customers, staff, admins and services.
        match self {
            Self::Read => Rule::of(true, true, true, Some(&[OrdersRead])),
            Self::Cancel => Rule::of(true, true, true, Some(&[OrdersCancel])),
            Self::Pay | Self::Edit => Rule::of(true, false, false, None),
            Self::Fulfil => Rule::of(false, true, true, Some(&[OrdersFulfil])),
            Self::Refund => Rule::of(false, true, true, Some(&[OrdersRefund])),
            Self::MarkPaid | Self::ResolveReview => Rule::of(false, true, true, None),
        }
    }
}

/// Whether a caller may do something that is not about one order.
pub fn may(caller: &Caller, permission: Permission) -> bool {
    let rule = permission.rule();
    match caller.who {
        Who::Customer(_) => rule.customer,
        Who::Staff(_) => rule.staff,
        Who::Admin(_) => rule.admin,
        Who::Service(service) => rule.allows(service),
    }
}

/// Whether a caller may do something to an order of this customer's.
pub fn on_order(caller: &Caller, owner: CustomerId, action: OrderAction) -> Access {
    if does(caller, owner, action) {
        Access::Granted
    } else if does(caller, owner, OrderAction::Read) {
        Access::Forbidden
    } else {
        Access::Hidden
    }
}

fn does(caller: &Caller, owner: CustomerId, action: OrderAction) -> bool {
    let rule = action.rule();
    match caller.who {
        Who::Customer(id) => id == owner && rule.customer,
        Who::Staff(_) => rule.staff,
        Who::Admin(_) => rule.admin,
        Who::Service(service) => {
            let owns = service.customer == owner && service.scopes.has(Scope::OrdersPlace);
            owns && rule.customer || rule.allows(service)
        }
    }
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

    /// A customer, staff, an admin, and a service with each of the scopes (the one for invoices is useless alone), then
    /// with none.
    fn callers() -> [Caller; 11] {
        // The same 128 bits as the owner's: a staff member is not a customer.
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let people = [Who::Customer(customer(1)), Who::Staff(user), Who::Admin(user)];
        let services = [
            "orders:place",
            "orders:read",
            "orders:cancel",
            "orders:place orders:invoice",
            "orders:fulfil",
            "orders:refund",
            "catalogue:write",
            "",
        ];
        let mut all = people.into_iter().chain(services.map(service));
        std::array::from_fn(|_| Caller { who: all.next().unwrap(), token_id: "token-1".to_owned(), auth_time: None })
    }

    #[test]
    fn the_table_holds() {
        use Permission::{
            ChangeCatalogue, ListAllOrders, ListOwnOrders, ManageApiKeys, ManageOwnAccount, PlaceOnInvoice, PlaceOrders,
        };
        for (permission, allowed) in [
            (PlaceOrders, "yes - - yes - - yes - - - -"),
            (PlaceOnInvoice, "- - - - - - yes - - - -"),
            (ListOwnOrders, "yes - - yes - - yes - - - -"),
            (ListAllOrders, "- yes yes - yes - - - - - -"),
            (ChangeCatalogue, "- - yes - - - - - - yes -"),
            (ManageApiKeys, "- - yes - - - - - - - -"),
            (ManageOwnAccount, "yes yes yes - - - - - - - -"),
        ] {
            let found = callers().map(|caller| if may(&caller, permission) { "yes" } else { "-" });
            assert_eq!(found.join(" "), allowed, "{permission:?}");
        }
        let invoice_alone = Caller { who: service("orders:invoice"), token_id: "token-1".to_owned(), auth_time: None };
        assert!(!may(&invoice_alone, PlaceOnInvoice));
    }

    #[test]
    fn an_order_is_its_owners_and_of_those_who_look_after_all() {
        for (action, own, others) in [
            (OrderAction::Read, "G G G G G H G H H H H", "H G G H G H H H H H H"),
            (OrderAction::Cancel, "G G G G F G G H H H H", "H G G H F G H H H H H"),
            (OrderAction::Pay, "G F F G F H G H H H H", "H F F H F H H H H H H"),
            (OrderAction::Edit, "G F F G F H G H H H H", "H F F H F H H H H H H"),
            (OrderAction::Fulfil, "F G G F F H F G H H H", "H G G H F H H G H H H"),
            (OrderAction::Refund, "F G G F F H F H G H H", "H G G H F H H H G H H"),
            (OrderAction::MarkPaid, "F G G F F H F H H H H", "H G G H F H H H H H H"),
            (OrderAction::ResolveReview, "F G G F F H F H H H H", "H G G H F H H H H H H"),
        ] {
            for (owner, expected) in [(1, own), (2, others)] {
                let found = callers().map(|caller| match on_order(&caller, customer(owner), action) {
                    Access::Granted => "G",
                    Access::Forbidden => "F",
                    Access::Hidden => "H",
                });
                assert_eq!(found.join(" "), expected, "{action:?} of {owner}");
            }
        }
    }
}
