//! Random histories of orders, with the receipts that functions would store: rebuilding from those gives the same
//! order.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::event::events_between;

/// An order with all the records beside it, and each of its versions.
struct OrderLog {
    versions: Vec<Order>,
    recorded: Vec<RecordedFacts>,
    events: Vec<OrderEvent>,
    ledger: Vec<LedgerEntry>,
}

impl OrderLog {
    fn of(order: Order) -> Self {
        let events = events_between(None, &order, "corr");
        Self { versions: vec![order], recorded: vec![], events, ledger: vec![] }
    }

    fn order(&self) -> &Order {
        self.versions.last().unwrap()
    }

    fn history(&self) -> OrderHistory<'_> {
        OrderHistory { order: self.order(), recorded: &self.recorded, events: &self.events, ledger: &self.ledger }
    }

    fn save(&mut self, change: Change) {
        self.events.extend(change.events);
        self.ledger.extend(change.ledger);
        self.versions.push(change.order);
    }

    /// Applies a fact, with the receipt that a webhook leaves even when it says nothing new.
    fn apply_facts(&mut self, fact: PaymentFact, now: Timestamp) {
        let change = self.order().apply_facts(vec![fact.clone()], "c", now);
        let at = change.as_ref().map_or(now, |change| change.order.updated_at);
        if let Some(change) = change {
            self.save(change);
        }
        self.recorded.push(RecordedFacts { order_version: self.order().version, at, facts: vec![fact] });
    }

    fn step(&mut self, step: u8, fact: Index, now: Timestamp) {
        let order = self.order().clone();
        let alphabet = alphabet(TOTAL);
        let action = format!("rfd_{}", fact.index(3));
        let late = Timestamp::from_millis(now.millis() + HELD_FOR);
        let change = match step {
            0 => order.cancel("c", now).ok().flatten(),
            1 => order.reserve_due_refunds("c", now),
            2 => order.open_refund_actions().next().and_then(|(id, _)| order.close_refund(id, REFUSED, "c", now)),
            3 => order.fulfil("c", now).ok().flatten(),
            4 => order.expire("c", late),
            5 => order.reinstate("c", now),
            6 => order.resolve_review(DECISIONS[fact.index(3)], "usr_1", "c", now).ok().flatten(),
            7 => order.request_refund(&wanted(&action, Some(500)), "c", now).ok().flatten(),
            8 => order.mark_overdue("c", late),
            9 => order.erase_person("c", now),
            10 => order.skip_attempt(1, "c", now),
            11 => {
                let answer = vec![intent("pi_1", IntentStatus::RequiresPaymentMethod, 1, 0)];
                order.attach_intent("pi_1".into(), answer, "c", now)
            }
            12 if order.payment.method != PaymentMethod::Stripe => {
                return self.apply_facts(transfer("transfer-1"), now);
            }
            13 => {
                let mut line = order.lines[0].clone();
                line.quantity += 1;
                let total = Money::new(order.total.amount + TOTAL / 2, eur());
                order.edit(OrderEdit { lines: Some((vec![line], total)), contact: None }, "c", now).ok().flatten()
            }
            _ => return self.apply_facts(alphabet[fact.index(alphabet.len())].clone(), now),
        };
        if let Some(change) = change {
            self.save(change);
        }
    }
}

/// The part of an order that its history shows: neither the attempt to pay, nor what an intent says before it is paid.
fn as_kept(order: &Order, gaps: &[Gap]) -> Order {
    let mut order = order.clone();
    let facts = std::mem::take(&mut order.payment.facts).into_facts();
    order.payment.facts.extend(facts.filter(|fact| {
        !matches!(fact, PaymentFact::PaymentIntent(intent) if !intent.status.is_final() && intent.received.amount == 0)
    }));
    (order.payment.attempt, order.payment.intent, order.placed_lines) = (1, None, None);
    // Changes without an event leave no record.
    order.updated_at = order.placed_at;
    for gaps in gaps {
        match gaps {
            Gap::Person => order.person = Person::Erased { at: order.placed_at },
            Gap::Lines => order.lines.clear(),
            Gap::Contact => {}
            Gap::Review => order.review = None,
            Gap::HeldUntil => order.reservation = Reservation::Held { until: None },
        }
    }
    order
}

fn histories() -> impl Strategy<Value = OrderLog> {
    let steps = prop::collection::vec((0_u8..28, any::<Index>()), 0..14);
    (any::<bool>(), steps).prop_map(|(by_invoice, steps)| {
        let mut log = OrderLog::of(if by_invoice { invoiced() } else { placed() });
        for (millis, (step, fact)) in (1..).zip(steps) {
            log.step(step, fact, Timestamp::from_millis(millis * 100_000));
        }
        log
    })
}

impl std::fmt::Debug for OrderLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:#?}", self.order())?;
        self.recorded.iter().try_for_each(|recorded| writeln!(f, "{recorded:?}"))?;
        self.events.iter().try_for_each(|event| {
            writeln!(
                f,
                "{}#{} {} {} {}",
                event.order_version, event.index, event.event_type, event.status, event.captured
            )
        })
    }
}

proptest! {
    #[test]
    fn a_history_rebuilt_from_its_receipts_is_the_order_its_ledger_and_its_events(log in histories()) {
        let history = log.history();
        prop_assert_eq!(history.differences(), vec![]);
        prop_assert_eq!(&history.rebuilt(), log.order());
    }

    #[test]
    fn any_version_that_left_a_trace_is_what_it_was(log in histories()) {
        let left_a_trace = |version| {
            let told = log.events.iter().any(|event| event.order_version == version);
            told || log.recorded.iter().any(|recorded| recorded.order_version == version) || version == log.order().version
        };
        for order in log.versions.iter().filter(|order| left_a_trace(order.version)) {
            let Some(then) = log.history().at(PointInTime::Version(order.version)) else {
                return Err(TestCaseError::fail("it is not there"));
            };
            prop_assert_eq!(as_kept(&then.order, &then.gaps), as_kept(order, &then.gaps));
        }
    }

    #[test]
    fn the_order_at_the_time_of_a_trace_is_that_version(log in histories()) {
        for event in &log.events {
            let at = log.history().at(PointInTime::Time(event.at)).map(|then| as_kept(&then.order, &then.gaps));
            let of_version = log.history().at(PointInTime::Version(event.order_version));
            prop_assert_eq!(at, of_version.map(|then| as_kept(&then.order, &then.gaps)));
        }
    }

    /// A lost receipt is noticed if its facts moved money.
    #[test]
    fn a_lost_receipt_that_moved_money_is_found(log in histories()) {
        for lost in 0..log.recorded.len() {
            let mut recorded = log.recorded.clone();
            let version = recorded.remove(lost).order_version;
            let is_told_twice = recorded.iter().any(|other| other.order_version == version);
            let moved = log.ledger.iter().any(|entry| entry.order_version == version);
            if moved && !is_told_twice {
                let history = OrderHistory { recorded: &recorded, ..log.history() };
                prop_assert_ne!(history.differences(), vec![]);
            }
        }
    }

    /// A fact that a receipt has and the order lacks is noticed if it is about money.
    #[test]
    fn a_fact_that_the_order_lost_is_found(log in histories()) {
        let facts: Vec<_> = log.order().payment.facts.clone().into_facts().collect();
        for lost in 0..facts.len() {
            let mut rest = facts.clone();
            rest.remove(lost);
            let forgetful = log.order().rebuilt_from(knowing(&rest));
            let before = [KnownFacts::captured, KnownFacts::refunded, KnownFacts::lost].map(|sum| sum(&knowing(&facts)));
            let after = [KnownFacts::captured, KnownFacts::refunded, KnownFacts::lost].map(|sum| sum(&knowing(&rest)));
            let history = OrderHistory { order: &forgetful, ..log.history() };
            prop_assert_eq!(before != after && history.differences().is_empty(), false, "{:?}", facts[lost]);
        }
    }

    #[test]
    fn a_missing_or_invented_movement_is_found(log in histories(), at in any::<Index>()) {
        if log.ledger.is_empty() {
            return Ok(());
        }
        let at = at.index(log.ledger.len());
        let (mut without, mut with) = (log.ledger.clone(), log.ledger.clone());
        without.remove(at);
        with[at].amount.amount += 1;
        for ledger in [without, with] {
            prop_assert_ne!(OrderHistory { ledger: &ledger, ..log.history() }.differences(), vec![]);
        }
    }
}

#[test]
fn what_is_not_there_yet_is_nothing() {
    let log = OrderLog::of(placed());
    assert_eq!(log.history().at(PointInTime::Version(0)), None);
    assert_eq!(log.history().at(PointInTime::Version(2)), None);
    assert_eq!(log.history().at(PointInTime::Time(Timestamp::from_millis(-1))), None);
    assert_eq!(log.history().at(PointInTime::Version(1)).unwrap().order, placed());
}

/// The one exception: the facts of an intent's creation. Facts about money have none.
#[test]
fn what_has_no_receipt_is_named_unless_it_is_the_answer_to_an_intents_creation() {
    let mut log = OrderLog::of(placed());
    let answer = vec![intent("pi_1", IntentStatus::RequiresPaymentMethod, 1, 0)];
    let now = Timestamp::from_millis(1);
    log.save(placed().attach_intent("pi_1".into(), answer, "c", now).unwrap());
    assert_eq!(log.history().differences(), vec![]);
    let paid = intent("pi_1", IntentStatus::Succeeded, 2, TOTAL);
    log.save(log.order().apply_facts(vec![paid], "c", now).unwrap());
    let found = log.history().differences();
    assert!(found.iter().any(|difference| matches!(difference, Difference::ReceiptMissing(_))), "{found:?}");
    assert!(found.contains(&Difference::Captured(Mismatch { stored: TOTAL, rebuilt: 0 })), "{found:?}");
    let said: Vec<String> = found.iter().map(Difference::to_string).collect();
    assert!(said.contains(&"captured: 2500 is stored, 0 follows".to_owned()), "{said:#?}");
}

#[test]
fn an_order_that_expired_and_was_taken_up_again_was_called_off_in_between() {
    let mut log = OrderLog::of(placed());
    let at = |millis| Timestamp::from_millis(HELD_FOR + millis);
    log.save(log.order().expire("c", at(1)).unwrap());
    log.apply_facts(intent("pi_1", IntentStatus::Succeeded, 2, TOTAL), at(2));
    log.save(log.order().reinstate("c", at(3)).unwrap());
    let then = log.history().at(PointInTime::Time(at(2))).unwrap();
    assert_eq!((then.order.status, then.order.reservation), (OrderStatus::Cancelled, Reservation::Released));
    assert_eq!(then.order.cancellation, Some(Cancellation::new(at(1), CancelReason::Expired)));
    assert_eq!(then.gaps, [], "the goods were not reserved");
    assert_eq!(log.history().differences(), vec![]);

    log.save(log.order().cancel("c", at(4)).unwrap().unwrap());
    let cancellation = |millis| log.history().at(PointInTime::Time(at(millis))).unwrap().order.cancellation;
    assert_eq!([cancellation(2), cancellation(3)], [then.order.cancellation, None]);
    assert_eq!(cancellation(4), Some(Cancellation::new(at(4), CancelReason::Requested)));
}

#[test]
fn a_refund_is_decided_on_and_closed_when_it_was() {
    let at = Timestamp::from_millis;
    let mut log = OrderLog::of(placed());
    log.apply_facts(intent("pi_1", IntentStatus::Succeeded, 1, TOTAL), at(10));
    log.save(log.order().request_refund(&wanted("rfd_1", None), "c", at(20)).unwrap().unwrap());
    log.save(log.order().refuse_refund("rfd_1", Some("charge_disputed"), "c", at(30)).unwrap());
    let action = |millis| {
        let then = log.history().at(PointInTime::Time(at(millis))).unwrap();
        let action = then.order.payment.refund_actions.get("rfd_1")?.clone();
        Some((action.state, action.closed_at, action.refusal.is_some()))
    };
    let (reserved, refused) = ((RefundActionState::Reserved, None, false), (REFUSED, Some(at(30)), true));
    assert_eq!([19, 20, 29, 30].map(action), [None, Some(reserved), Some(reserved), Some(refused)]);
}

#[test]
fn what_was_ordered_is_known_from_the_last_edit_on() {
    let at = Timestamp::from_millis;
    let mut log = OrderLog::of(placed());
    let mut line = placed().lines[0].clone();
    line.quantity = 3;
    let edit = OrderEdit { lines: Some((vec![line], Money::new(TOTAL / 2 * 3, eur()))), contact: None };
    log.save(log.order().edit(edit, "c", at(10)).unwrap().unwrap());
    let then = |millis| log.history().at(PointInTime::Time(at(millis))).unwrap();
    assert_eq!((then(9).gaps, then(9).order.total), (vec![Gap::Lines, Gap::Contact], placed().total));
    assert_eq!((then(10).gaps, &then(10).order.lines), (vec![], &log.order().lines));
}

#[test]
fn what_nobody_kept_is_named_and_nothing_else() {
    let at = Timestamp::from_millis;
    let gaps = |log: &OrderLog, millis| log.history().at(PointInTime::Time(at(millis))).unwrap().gaps;
    let accept = |log: &mut OrderLog, millis| {
        log.save(log.order().resolve_review(DECISIONS[0], "usr_1", "c", at(millis)).unwrap().unwrap());
    };
    let mut log = OrderLog::of(placed());
    log.apply_facts(intent("pi_1", IntentStatus::Succeeded, 1, TOTAL - 1), at(10));
    accept(&mut log, 20);
    assert_eq!([0, 10, 20].map(|millis| gaps(&log, millis)), [vec![Gap::HeldUntil], vec![], vec![]]);

    log.apply_facts(intent("pi_2", IntentStatus::Succeeded, 2, TOTAL), at(30));
    accept(&mut log, 40);
    let of_the_first_review = vec![Gap::Review];
    assert_eq!(
        [10, 20, 30, 40].map(|millis| gaps(&log, millis)),
        [vec![], of_the_first_review.clone(), of_the_first_review, vec![]]
    );
}

/// An order that was paid, half refunded and sent; and another that was paid and cancelled.
fn two_histories() -> [OrderLog; 2] {
    let at = Timestamp::from_millis;
    let [mut sent, mut called_off] = [(), ()].map(|()| {
        let mut log = OrderLog::of(placed());
        log.apply_facts(intent("pi_1", IntentStatus::Succeeded, 1, TOTAL), at(10));
        log
    });
    sent.apply_facts(refund("re_1", RefundStatus::Succeeded, TOTAL / 2), at(20));
    sent.save(sent.order().fulfil("c", at(30)).unwrap().unwrap());
    called_off.save(called_off.order().cancel("c", at(20)).unwrap().unwrap());
    [sent, called_off]
}

#[test]
fn a_decision_that_no_event_tells_of_is_found() {
    let mut found = vec![];
    for log in two_histories() {
        assert_eq!(log.history().differences(), vec![]);
        for at in 0..log.events.len() {
            let mut events = log.events.clone();
            events.remove(at);
            found.extend(OrderHistory { events: &events, ..log.history() }.differences());
        }
    }
    let untold = [EventType::Placed, EventType::Paid, EventType::Fulfilled, EventType::Cancelled];
    for event_type in untold {
        assert!(found.contains(&Difference::EventsDisagree(event_type)), "{event_type}: {found:?}");
    }
    assert!(found.iter().all(|difference| matches!(difference, Difference::EventsDisagree(_))), "{found:?}");
}

#[test]
fn an_event_that_tells_otherwise_than_the_order_was_is_found() {
    let [log, _] = two_histories();
    let told = |tamper: fn(&mut OrderEvent)| {
        let mut events = log.events.clone();
        tamper(&mut events[2]);
        let found = OrderHistory { events: &events, ..log.history() }.differences();
        found
            .into_iter()
            .map(|difference| match difference {
                Difference::Event { order_version, index: 0, told } => (order_version, told),
                other => panic!("{other}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(log.events[2].event_type, EventType::PartiallyRefunded);
    let sums = |stored, rebuilt| Mismatch { stored, rebuilt };
    assert_eq!(told(|event| event.captured += 1), [(3, EventMismatch::Captured(sums(TOTAL + 1, TOTAL)))]);
    assert_eq!(told(|event| event.refunded -= 1), [(3, EventMismatch::Refunded(sums(TOTAL / 2 - 1, TOTAL / 2)))]);
    let status = Mismatch { stored: OrderStatus::Cancelled, rebuilt: OrderStatus::PartiallyRefunded };
    assert_eq!(told(|event| event.status = OrderStatus::Cancelled), [(3, EventMismatch::Status(status))]);
    assert!(told(|event| event.order_version = 5).contains(&(5, EventMismatch::TooFar)));
    assert!(!told(|event| event.order_version = 4).iter().any(|(_, told)| *told == EventMismatch::TooFar));
}

#[test]
fn whom_an_order_was_for_is_shown_until_they_asked_to_be_forgotten() {
    let at = Timestamp::from_millis;
    let [mut leaving, mut erased] = [OrderLog::of(placed()), OrderLog::of(placed())];
    leaving.apply_facts(intent("pi_1", IntentStatus::Succeeded, 1, TOTAL), at(10));
    for log in [&mut leaving, &mut erased] {
        log.save(log.order().erase_person("c", at(20)).unwrap());
    }
    let then = |log: &OrderLog, millis| log.history().at(PointInTime::Time(at(millis))).unwrap();
    assert_eq!(then(&leaving, 19).order.person, placed().person);
    assert_eq!(then(&leaving, 20).order.person, leaving.order().person);
    assert_ne!(leaving.order().person, placed().person);

    let is_unknown = |millis| then(&erased, millis).gaps.contains(&Gap::Person);
    assert_eq!([19, 20].map(is_unknown), [true, false]);
}

#[test]
fn each_thing_that_nobody_kept_has_its_own_words() {
    let all = [Gap::Person, Gap::Lines, Gap::Contact, Gap::HeldUntil, Gap::Review];
    assert_eq!(all.iter().map(Gap::to_string).collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn differences_say_what_is_stored_and_what_follows() {
    let entry =
        placed().apply_facts(vec![intent("pi_1", IntentStatus::Succeeded, 1, TOTAL)], "c", Timestamp::from_millis(1));
    let movement = Movement::from(&entry.unwrap().ledger[0]);
    let charge = ChargeFact { seen_at: 1, refunded: Money::new(300, eur()), intent: None, id: "ch_1".into() };
    let (stored, rebuilt) = (OrderStatus::Paid, OrderStatus::Cancelled);
    let told = |told| Difference::Event { order_version: 3, index: 1, told };
    for (difference, said) in [
        (
            Difference::FactMissing(intent("pi_1", IntentStatus::Processing, 1, 0)),
            "a receipt has a fact that the order lacks: pi_1 Processing, 0.00 EUR received",
        ),
        (
            Difference::ReceiptMissing(PaymentFact::Charge(charge)),
            "the order has a fact without a receipt: ch_1, 3.00 EUR refunded",
        ),
        (
            Difference::ReceiptMissing(refund("re_1", RefundStatus::Pending, 500)),
            "the order has a fact without a receipt: re_1 Pending, 5.00 EUR",
        ),
        (
            Difference::ReceiptMissing(dispute(DisputeStatus::Won)),
            "the order has a fact without a receipt: du_1 Won, 25.00 EUR",
        ),
        (
            Difference::ReceiptMissing(transfer("RE 7")),
            "the order has a fact without a receipt: RE 7 Received, 25.00 EUR",
        ),
        (Difference::Status(Mismatch { stored, rebuilt }), "status: paid is stored, cancelled follows"),
        (Difference::Captured(Mismatch { stored: 1, rebuilt: 2 }), "captured: 1 is stored, 2 follows"),
        (Difference::Refunded(Mismatch { stored: 1, rebuilt: 2 }), "refunded: 1 is stored, 2 follows"),
        (Difference::Lost(Mismatch { stored: 1, rebuilt: 2 }), "lost: 1 is stored, 2 follows"),
        (
            Difference::Reservation(Mismatch { stored: Reservation::Confirmed, rebuilt: Reservation::Released }),
            "reservation: Confirmed is stored, Released follows",
        ),
        (
            Difference::PaidAt(Mismatch { stored: Some(Timestamp::from_millis(1)), rebuilt: None }),
            "announced as paid: yes is stored, no follows",
        ),
        (Difference::EntryMissing(movement.clone()), "the ledger lacks 25.00 EUR by pi_1 at version 2 (Payment)"),
        (
            Difference::EntryUnproven(movement),
            "the ledger has, without a receipt, 25.00 EUR by pi_1 at version 2 (Payment)",
        ),
        (Difference::EventsDisagree(EventType::Cancelled), "order and events disagree about order.cancelled"),
        (
            told(EventMismatch::Status(Mismatch { stored, rebuilt })),
            "event 3#1: status: paid is stored, cancelled follows",
        ),
        (
            told(EventMismatch::Captured(Mismatch { stored: 1, rebuilt: 2 })),
            "event 3#1: captured: 1 is stored, 2 follows",
        ),
        (
            told(EventMismatch::Refunded(Mismatch { stored: 1, rebuilt: 2 })),
            "event 3#1: refunded: 1 is stored, 2 follows",
        ),
        (told(EventMismatch::TooFar), "event 3#1: the order has not reached this version"),
    ] {
        assert_eq!(difference.to_string(), said);
    }
}
