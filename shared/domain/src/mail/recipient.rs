//! Who gets a mail about an order, and what it may say there: whoever places an order may type any email address.

use crate::{Account, Order, PaymentMethod};

/// What is known of the recipient of a mail about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The customer: the address is the account's own and verified, somebody paid for the order, or it is a service's on
    /// invoice. The mail says everything.
    Customer,
    /// Perhaps somebody who knows nothing of the order, for which nobody paid. The mail says nothing that the customer
    /// wrote, and an address gets few of them.
    Stranger,
}

impl Recipient {
    /// As far as the order decides it; `None` when it depends on the customer's account.
    pub fn of_order(order: &Order) -> Option<Self> {
        let is_invoice = matches!(order.payment.method, PaymentMethod::Invoice { .. });
        (is_invoice || order.payment.facts.captured() > 0).then_some(Self::Customer)
    }

    /// By the order and the account of its customer, if there is one.
    pub fn of(order: &Order, account: Option<&Account>) -> Self {
        let email = order.person.contact().map(|contact| contact.email.lower_case());
        let verified = account.filter(|account| account.email_verified_at.is_some());
        let is_own = verified.is_some_and(|account| Some(account.email.lower_case()) == email);
        Self::of_order(order).unwrap_or(if is_own { Self::Customer } else { Self::Stranger })
    }
}
