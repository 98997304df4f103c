//! How an order erases the person whom it is for.

use serde_json::json;

use super::*;
use crate::CartLine;

/// The order after its customer asked for erasure.
fn erased(order: &Order) -> Order {
    order.erase_person("corr", Timestamp::from_millis(5)).map_or_else(|| order.clone(), |change| change.order)
}

fn applied(order: &Order, fact: PaymentFact) -> Order {
    order
        .apply_facts(vec![fact], "corr", Timestamp::from_millis(6))
        .map_or_else(|| order.clone(), |change| change.order)
}

fn paid() -> Order {
    applied(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL))
}

#[test]
fn a_delivered_or_settled_order_forgets_its_person_at_once_and_tells_so() {
    let fulfilled =
        paid().change("corr", Timestamp::from_millis(1), |order| order.fulfilled_at = Some(order.placed_at));
    let charged_back = applied(&paid(), dispute(DisputeStatus::Lost));
    let refunded = applied(&paid(), refund("re_1", RefundStatus::Succeeded, TOTAL));
    let cancelled = placed().cancel("corr", Timestamp::from_millis(1)).unwrap();
    for order in [fulfilled.unwrap().order, charged_back, refunded, cancelled.unwrap().order] {
        let change = order.erase_person("corr", Timestamp::from_millis(9)).unwrap();
        assert_eq!(change.order.person, Person::Erased { at: Timestamp::from_millis(9) }, "{}", order.status);
        let types: Vec<_> = change.events.iter().map(|event| event.event_type).collect();
        assert_eq!((types, change.stock.is_empty()), (vec![EventType::Updated], true), "{}", order.status);
        let without_person = Order { person: order.person.clone(), version: order.version, ..change.order.clone() };
        let books = Order { updated_at: change.order.updated_at, ..order.clone() };
        assert_eq!(without_person, books, "all else stays");
        assert_eq!(change.order.erase_person("corr", Timestamp::from_millis(9)), None);
    }
}

#[test]
fn an_open_order_keeps_its_person_until_it_is_delivered_or_settled() {
    let processing = applied(&placed(), intent("pi_1", IntentStatus::Processing, 1, 0));
    let disputed = applied(&paid(), dispute(DisputeStatus::NeedsResponse));
    let in_part = applied(&paid(), refund("re_1", RefundStatus::Succeeded, 500));
    let odd = applied(&placed(), intent("pi_1", IntentStatus::Succeeded, 1, TOTAL - 1));
    for order in [processing, paid(), disputed, in_part, odd] {
        let change = order.erase_person("corr", Timestamp::from_millis(5)).unwrap();
        assert!(matches!(change.order.person, Person::Leaving { .. }), "{}", order.status);
        assert_eq!((change.order.status, change.events), (order.status, vec![]), "no reader sees a difference yet");
        assert_eq!(change.order.erase_person("corr", Timestamp::from_millis(9)), None);
    }
    let fulfilled =
        erased(&paid()).change("corr", Timestamp::from_millis(7), |order| order.fulfilled_at = Some(order.placed_at));
    assert_eq!(fulfilled.unwrap().order.person, Person::Erased { at: Timestamp::from_millis(7) });
}

#[test]
fn an_unpaid_order_is_called_off_and_forgets_its_person_once_nobody_can_pay_it() {
    let without_intent = placed().erase_person("corr", Timestamp::from_millis(5)).unwrap();
    assert!(without_intent.stock.values().eq([&2]) && without_intent.order.person.contact().is_none());
    assert_eq!(without_intent.events[0].event_type, EventType::Cancelled);

    let open = applied(&placed(), intent("pi_1", IntentStatus::RequiresPaymentMethod, 1, 0));
    let leaving = erased(&open);
    assert_eq!((leaving.status, leaving.intents_to_void().count()), (OrderStatus::Cancelled, 1));
    assert!(leaving.person.contact().is_some(), "the cancellation is still mailed");
    let voided = applied(&leaving, intent("pi_1", IntentStatus::Canceled, 2, 0));
    assert_eq!(voided.person, Person::Erased { at: Timestamp::from_millis(6) });
}

#[test]
fn a_paid_order_of_an_erased_person_is_cancelled_refunded_and_then_forgets_them() {
    let cancelled = erased(&paid()).cancel("corr", Timestamp::from_millis(6)).unwrap().unwrap();
    assert!(cancelled.order.person.contact().is_some() && cancelled.order.refund_due() == TOTAL);
    let reserved = cancelled.order.reserve_due_refunds("corr", Timestamp::from_millis(7)).unwrap().order;
    let done = applied(&reserved, refund("re_1", RefundStatus::Succeeded, TOTAL));
    assert_eq!((done.status, done.person.contact()), (OrderStatus::Refunded, None));
    // Another report of the bank is applied as always.
    let failed = applied(&done, refund("re_1", RefundStatus::Failed, TOTAL));
    assert_eq!((failed.payment.facts.refunded(), failed.person), (0, done.person));
}

#[test]
fn a_repeated_request_finds_an_order_that_has_forgotten_its_person() {
    let order = placed();
    let contact = order.person.contact().unwrap();
    let mut cart = Cart {
        lines: vec![CartLine { sku: "MUG".parse().unwrap(), quantity: 2 }],
        currency: eur(),
        shipping_address: contact.shipping_address.clone(),
        email: contact.email.clone(),
        payment_method: crate::PaymentChoice::Stripe,
    };
    assert!(order.is_for(&cart) && erased(&order).is_for(&cart));
    cart.lines[0].quantity = 3;
    assert!(!erased(&order).is_for(&cart));
    let to_bob = Cart { email: "bob@example.com".parse().unwrap(), lines: order.first_lines(), ..cart };
    assert!(!order.is_for(&to_bob) && erased(&order).is_for(&to_bob), "what is forgotten cannot differ");
}

#[test]
fn an_order_is_stored_as_before_and_half_a_person_is_refused() {
    let stored = serde_json::to_value(placed()).unwrap();
    assert_eq!((&stored["email"], &stored["shipping_address"]["name"]), (&json!("anna@example.com"), &json!("Anna")));
    let leaving = erased(&paid());
    for order in [placed(), leaving.clone(), erased(&applied(&leaving, refund("re_1", RefundStatus::Succeeded, TOTAL)))]
    {
        let stored = serde_json::to_value(&order).unwrap();
        assert_eq!(stored.to_string().contains("anna@"), order.person.contact().is_some());
        assert_eq!(serde_json::from_value::<Order>(stored).unwrap(), order);
    }
    for field in ["email", "shipping_address"] {
        let mut half = stored.clone();
        half.as_object_mut().unwrap().remove(field);
        assert!(serde_json::from_value::<Order>(half).is_err(), "without {field}");
    }
}

proptest! {
    /// Erasure changes nothing in ledger, facts and status, whenever it happens.
    #[test]
    fn an_order_settles_the_same_with_and_without_its_person(
        facts in proptest::sample::subsequence(alphabet(TOTAL), 0..12).prop_shuffle(),
        asked in 0..12_usize,
    ) {
        let (mut with, mut without) = (paid(), paid());
        for (place, fact) in facts.into_iter().enumerate() {
            if place == asked {
                without = erased(&without);
            }
            (with, without) = (applied(&with, fact.clone()), applied(&without, fact));
            prop_assert_eq!((with.status, &with.payment), (without.status, &without.payment));
        }
    }
}
