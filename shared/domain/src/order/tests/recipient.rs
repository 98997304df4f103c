//! Who gets a mail about an order.

use super::*;
use crate::{Account, AccountId, Recipient, Role};

fn account(email: &str, is_verified: bool) -> Account {
    let at = Timestamp::from_millis(0);
    Account {
        id: AccountId::Customer(placed().customer),
        role: Role::Customer,
        email: email.parse().unwrap(),
        email_verified_at: is_verified.then_some(at),
        password: None,
        identities: vec![],
        sessions_since: at,
        disabled_at: None,
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

#[test]
fn an_address_is_the_customers_when_it_is_verified_paid_for_or_a_services() {
    let (unpaid, own) = (placed(), account("Anna@Example.com", true));
    assert_eq!(Recipient::of(&unpaid, Some(&own)), Recipient::Customer);
    for stranger in [None, Some(account("anna@example.com", false)), Some(account("ben@example.com", true))] {
        assert_eq!(Recipient::of(&unpaid, stranger.as_ref()), Recipient::Stranger, "{stranger:?}");
    }
    assert_eq!(Recipient::of_order(&unpaid), None);
    let now = Timestamp::from_millis(1);
    let cancelled = unpaid.cancel("corr", now).unwrap().unwrap().order;
    assert_eq!(Recipient::of(&cancelled, None), Recipient::Stranger);
    let paid = unpaid.apply_facts(vec![intent("pi_1", IntentStatus::Succeeded, 1, TOTAL)], "corr", now).unwrap().order;
    let refunding = paid.cancel("corr", now).unwrap().unwrap().order;
    for order in [paid, refunding, invoiced()] {
        assert_eq!(Recipient::of(&order, None), Recipient::Customer, "{}", order.status);
    }
}
