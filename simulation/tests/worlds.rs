//! That a run repeats, that the checks can fail, and that the stories pass in fair weather.

use domain::{CancelReason, Cancellation, Order, OrderId, OrderStatus, PaymentFact, TransferDirection, TransferFact};
use serde_json::json;
use simulation::snapshot::{Intent, Refund, Snapshot};
use simulation::variants::{Verdict, variants};
use simulation::{Plan, SCRIPTS, check, run, tell};

#[test]
fn the_same_seed_is_the_same_story() {
    let plan = Plan::of(3, 8);
    let (once, again) = (tell(&plan).unwrap(), tell(&plan).unwrap());
    assert!(once.story.lines.len() > 100, "{} lines", once.story.lines.len());
    assert_eq!(once.story.to_string(), again.story.to_string());
    let unwritten = run(&plan).unwrap();
    assert_eq!((unwritten.tally, unwritten.story.lines.len()), (once.tally, 0), "writing it down changes nothing");
    assert_ne!(tell(&Plan::of(4, 8)).unwrap().story, once.story);
}

#[test]
fn every_story_ends_well_in_fair_weather() {
    for script in SCRIPTS {
        let outcome = run(&Plan::scripted(script, Vec::new())).unwrap();
        assert_eq!(outcome.violations, [], "{}", script.name);
        assert_eq!((outcome.tally.placed, outcome.tally.faults()), (1, 0), "{}", script.name);
    }
}

/// Which promise is broken when this is done to the books.
type Case = (&'static str, Box<dyn Fn(&mut Snapshot)>);

#[test]
fn books_that_do_not_agree_are_found_out() {
    let good = run(&Plan::scripted(&SCRIPTS[0], Vec::new())).unwrap().books;
    let id = *good.orders.keys().next().unwrap();
    assert_eq!((good.orders[&id].status, check(&good)), (OrderStatus::Paid, vec![]));
    let other = OrderId::from_uuid(uuid::Uuid::nil());
    let cases: Vec<Case> = vec![
        ("no order is lost", Box::new(move |books| _ = books.promised.placed.insert(other))),
        ("no payment is lost", Box::new(move |books| _ = books.promised.paid.insert(other))),
        ("no cancellation is lost", Box::new(move |books| _ = books.promised.cancelled.insert(id))),
        ("an order is what it was told", Box::new(move |books| books.receipts.get_mut(&id).unwrap().clear())),
        ("a refusal is kept", Box::new(move |books| refuse(books, id))),
        ("a key is for one request", Box::new(move |books| _ = books.promised.mixed_up.insert(id))),
        ("what is published has happened", Box::new(move |books| _ = books.events.remove(&id))),
        ("an order is placed once", Box::new(move |books| _ = books.events.remove(&id))),
        ("every event is published", Box::new(|books| books.published.as_mut().unwrap().clear())),
        ("money received is what Stripe received", Box::new(|books| books.stripe.intents[0].received += 1)),
        ("one charge an order", Box::new(|books| books.stripe.intents.push(books.stripe.intents[0].clone()))),
        ("no more given back than received", Box::new(|books| refund(books, 1_000_000))),
        ("money given back is what Stripe gave back", Box::new(|books| refund(books, 1))),
        ("a refused refund is not made", Box::new(move |books| refuse_refund(books, id))),
        (
            "what is charged is what is delivered",
            Box::new(move |books| change(books, id, |order| order.total.amount += 1)),
        ),
        ("whoever has paid was in time", Box::new(move |books| expire(books, id))),
        ("no edit is lost", Box::new(move |books| _ = books.promised.edits.insert(id, [[].into()].into()))),
        ("a late invoice is noted once", Box::new(move |books| leave_unpaid(books, id))),
        ("no decision is lost", Box::new(move |books| _ = books.promised.reviewed.insert(id))),
        ("one transfer an order", Box::new(move |books| transfer(books, id, &["a", "b"]))),
        ("what is booked has come", Box::new(move |books| transfer(books, id, &["stranger"]))),
        ("no transfer is lost", Box::new(move |books| _ = books.promised.booked.insert(id, ["a".into()].into()))),
        ("a refusal is kept", Box::new(move |books| refuse_transfer(books, id))),
        ("the ledger is what the order says", Box::new(move |books| books.ledger.get_mut(&id).unwrap().clear())),
        ("stock is what was there less what is sold", Box::new(|books| *books.stock.values_mut().next().unwrap() += 1)),
        ("one mail for each reason", Box::new(|books| books.mailbox.values_mut().for_each(|count| *count += 1))),
        ("one mail for each reason", Box::new(|books| books.mails.clear())),
        ("no mail without a reason", Box::new(|books| _ = books.mailbox.insert("another".into(), 1))),
        ("one row an order", Box::new(|books| _ = books.sheet.insert(9, books.sheet[&2].clone()))),
        ("one row an order", Box::new(|books| books.sheet.clear())),
        ("a row says what its order is", Box::new(|books| books.sheet.get_mut(&2).unwrap()[7] = json!(0))),
        ("a row is its order's", Box::new(|books| _ = books.sheet.insert(9, vec![json!("x")]))),
        ("no dead letters", Box::new(|books| _ = books.dead_letters.insert("send-email-dlq".into(), 1))),
        ("everything ends", Box::new(|books| books.restless = Some("a message".into()))),
    ];
    for (invariant, corrupt) in cases {
        let mut books = good.clone();
        corrupt(&mut books);
        let found: Vec<_> = check(&books).into_iter().map(|violation| violation.invariant).collect();
        assert!(found.contains(&invariant), "{invariant}: {found:?}");
    }
}

fn refuse(books: &mut Snapshot, order: OrderId) {
    books.promised.placed.clear();
    books.promised.refused.insert(order);
}

fn change(books: &mut Snapshot, id: OrderId, to: impl FnOnce(&mut Order)) {
    books.orders.entry(id).and_modify(to);
}

fn leave_unpaid(books: &mut Snapshot, id: OrderId) {
    change(books, id, |order| order.status = OrderStatus::Invoiced);
    books.promised.unpaid.insert(id);
}

fn expire(books: &mut Snapshot, id: OrderId) {
    change(books, id, |order| {
        order.cancellation = Some(Cancellation { at: order.placed_at, reason: CancelReason::Expired });
    });
}

/// Transfers that staff booked, of which the bank knows one.
fn transfer(books: &mut Snapshot, id: OrderId, references: &[&str]) {
    let total = books.orders.get(&id).map_or(0, |order| order.total.amount);
    books.promised.transfers.insert(id, [("a".into(), total), ("b".into(), total)].into());
    for reference in references {
        change(books, id, |order| {
            let (direction, amount, id) = (TransferDirection::Received, order.total, (*reference).to_owned());
            let fact = TransferFact { direction, amount, action: None, reason: None, requested_at: None, id };
            order.payment.facts.learn(PaymentFact::Transfer(fact));
        });
    }
}

fn refuse_transfer(books: &mut Snapshot, id: OrderId) {
    transfer(books, id, &["a"]);
    books.promised.not_booked.insert(id, ["a".into()].into());
}

fn refuse_refund(books: &mut Snapshot, id: OrderId) {
    refund(books, 1);
    books.stripe.refunds[0].action = Some("rfd_1".into());
    books.promised.refused_refunds.insert(id, ["rfd_1".into()].into());
}

fn refund(books: &mut Snapshot, amount: i64) {
    let Intent { id: intent, .. } = books.stripe.intents[0].clone();
    books.stripe.refunds.push(Refund { id: "re_1".into(), intent, status: "succeeded".into(), amount, action: None });
}

#[test]
fn a_naive_store_is_caught() {
    let variant = variants().find(|variant| variant.name == "appended row").unwrap();
    assert!(matches!(variant.hunt(5).unwrap(), Verdict::Caught(_)), "rows below each other");
}
