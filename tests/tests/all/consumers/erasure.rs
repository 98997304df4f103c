//! The orders of people whose account was erased.

use aws_lambda_events::event::sqs::SqsBatchResponse;
use domain::{OrderStatus, Person, RefundFact, RefundStatus};
use sandbox::FaultKind;
use store::{Orders as _, PageRequest};

use super::world::{World, cases, order_id, sample, total};
use super::{batch, failed, fault, send};

fn erase(world: &World, case: &str) -> SqsBatchResponse {
    let event = batch(sample("erase-orders", case));
    world.clock.run(orders::erase_orders::handle(&world.env(), world.deadline(), event)).unwrap()
}

#[test]
fn every_sample_of_an_erasure_fails_only_where_it_must() {
    for (case, at_once, later) in [("erased", 1, 0), ("no-orders", 1, 0), ("staff", 0, 0), ("newer-schema", 1, 1)] {
        let world = World::with_paid_order();
        assert_eq!(failed(&erase(&world, case)), at_once, "{case}: an order may still be placed");
        world.clock.advance(std::time::Duration::from_mins(21));
        assert_eq!(failed(&erase(&world, case)), later, "{case}");
    }
    assert_eq!(cases("erase-orders").len(), 4);
}

#[test]
fn the_first_message_erases_and_the_last_one_finds_what_was_placed_meanwhile() {
    let world = World::with_intent_at_stripe();
    let (first, second) = (world.order(), world.place_another());
    erase(&world, "erased");
    assert!(matches!(world.order().person, Person::Leaving { .. }), "until its intent is void");
    assert_eq!((world.order().status, world.order().version), (OrderStatus::Cancelled, first.version + 1));
    let third = world.place_another();
    world.clock.advance(std::time::Duration::from_mins(21));
    assert_eq!(failed(&erase(&world, "erased")), 0);
    assert_eq!(world.order().version, first.version + 1, "once is enough");
    for order in [second, third] {
        let order = world.clock.run(world.store.find(order.id)).unwrap().unwrap();
        assert_eq!((order.person.contact(), order.total), (None, total()), "no intent, so nothing to wait for");
    }
}

#[test]
fn all_pages_of_a_long_list_are_gone_through() {
    let world = World::with_unpaid_order();
    for _ in 0..230 {
        world.place_another();
    }
    erase(&world, "erased");
    let customer = world.order().customer;
    let mut page = PageRequest { limit: 100, after: None };
    let mut seen = 0;
    loop {
        let found = world.clock.run(world.store.of_customer(customer, None, &page)).unwrap();
        seen += found.items.len();
        assert!(found.items.iter().all(|order| !matches!(order.person, Person::Known(_))));
        let Some(next) = found.next else { break };
        page.after = Some(next);
    }
    assert_eq!(seen, 231);
}

#[test]
fn whoever_was_erased_gets_no_mail_and_the_event_is_settled() {
    let world = World::with_paid_order();
    erase(&world, "erased");
    let refund = RefundFact {
        id: "re_1".into(),
        status: RefundStatus::Succeeded,
        amount: total(),
        intent: Some("pi_sample".into()),
        action: None,
    };
    let applied = world.order().apply_facts(vec![domain::PaymentFact::Refund(refund)], "corr", world.order().placed_at);
    world.save(&applied.unwrap());
    assert_eq!((world.order().status, world.order().person.contact()), (OrderStatus::Refunded, None));
    fault(&world, FaultKind::Unavailable, 1);
    assert_eq!((failed(&send(&world, sample("send-email", "order-paid"))), world.mails()), (0, 0), "nobody to ask");
    assert_eq!(world.order().id, order_id());
}
