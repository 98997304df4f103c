//! Random histories of orders, with the receipts that functions would keep: rebuilt from those, they are what they were.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::event::events_between;

/// An order with everything that is stored beside it, and each version that it had.
struct History {
    versions: Vec<Order>,
    heard: Vec<Heard>,
    events: Vec<OrderEvent>,
    ledger: Vec<LedgerEntry>,
}

impl History {
    fn of(order: Order) -> Self {
        let events = events_between(None, &order, "corr");
        Self { versions: vec![order], heard: vec![], events, ledger: vec![] }
    }

    fn order(&self) -> &Order {
        self.versions.last().unwrap()
    }

    fn past(&self) -> Past<'_> {
        Past { order: self.order(), heard: &self.heard, events: &self.events, ledger: &self.ledger }
    }

    fn save(&mut self, change: Change) {
        self.events.extend(change.events);
        self.ledger.extend(change.ledger);
        self.versions.push(change.order);
    }

    /// With a receipt, which a webhook leaves even if it says nothing new.
    fn learn(&mut self, fact: PaymentFact, now: Timestamp) {
        let change = self.order().learn(vec![fact.clone()], "c", now);
        let at = change.as_ref().map_or(now, |change| change.order.updated_at);
        if let Some(change) = change {
            self.save(change);
        }
        self.heard.push(Heard { order_version: self.order().version, at, facts: vec![fact] });
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
                let amount = Money::new(TOTAL, eur());
                let direction = crate::TransferDirection::Received;
                let fact = crate::TransferFact {
                    direction,
                    amount,
                    action: None,
                    reason: None,
                    requested_at: None,
                    id: "transfer-1".into(),
                };
                return self.learn(PaymentFact::Transfer(fact), now);
            }
            13 => {
                let mut line = order.lines[0].clone();
                line.quantity += 1;
                let total = Money::new(order.total.amount + TOTAL / 2, eur());
                order.edit(OrderEdit { lines: Some((vec![line], total)), contact: None }, "c", now).ok().flatten()
            }
            _ => return self.learn(alphabet[fact.index(alphabet.len())].clone(), now),
        };
        if let Some(change) = change {
            self.save(change);
        }
    }
}

/// What an order's past can be asked about: not the try to pay, and not what an intent says before anybody paid it.
fn as_kept(order: &Order, unknown: &[Unknown]) -> Order {
    let mut order = order.clone();
    let facts = std::mem::take(&mut order.payment.facts).into_facts();
    order.payment.facts.extend(facts.filter(|fact| {
        !matches!(fact, PaymentFact::PaymentIntent(intent) if !intent.status.is_final() && intent.received.amount == 0)
    }));
    (order.payment.attempt, order.payment.intent, order.placed_lines) = (1, None, None);
    // Changes that nobody is told of leave no trace.
    order.updated_at = order.placed_at;
    for unknown in unknown {
        match unknown {
            Unknown::Person => order.person = Person::Erased { at: order.placed_at },
            Unknown::Lines => order.lines.clear(),
            Unknown::Contact => {}
            Unknown::Review => order.review = None,
            Unknown::HeldUntil => order.reservation = Reservation::Held { until: None },
        }
    }
    order
}

fn histories() -> impl Strategy<Value = History> {
    let steps = prop::collection::vec((0_u8..28, any::<Index>()), 0..14);
    (any::<bool>(), steps).prop_map(|(by_invoice, steps)| {
        let mut history = History::of(if by_invoice { invoiced() } else { placed() });
        for (millis, (step, fact)) in (1..).zip(steps) {
            history.step(step, fact, Timestamp::from_millis(millis * 100_000));
        }
        history
    })
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:#?}", self.order())?;
        self.heard.iter().try_for_each(|heard| writeln!(f, "{heard:?}"))?;
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
    fn a_history_rebuilt_from_its_receipts_is_the_order_its_ledger_and_its_events(history in histories()) {
        let past = history.past();
        prop_assert_eq!(past.differences(), vec![]);
        prop_assert_eq!(&past.rebuilt(), history.order());
    }

    #[test]
    fn any_version_that_left_a_trace_is_what_it_was(history in histories()) {
        let left_a_trace = |version| {
            let told = history.events.iter().any(|event| event.order_version == version);
            told || history.heard.iter().any(|heard| heard.order_version == version) || version == history.order().version
        };
        for order in history.versions.iter().filter(|order| left_a_trace(order.version)) {
            let Some(then) = history.past().at(Moment::Version(order.version)) else {
                return Err(TestCaseError::fail("it is not there"));
            };
            prop_assert_eq!(as_kept(&then.order, &then.unknown), as_kept(order, &then.unknown));
        }
    }

    #[test]
    fn the_order_at_the_time_of_a_trace_is_that_version(history in histories()) {
        for event in &history.events {
            let at = history.past().at(Moment::Time(event.at)).map(|then| as_kept(&then.order, &then.unknown));
            let of_version = history.past().at(Moment::Version(event.order_version));
            prop_assert_eq!(at, of_version.map(|then| as_kept(&then.order, &then.unknown)));
        }
    }

    /// Whatever receipt is lost: if its facts moved money, that is seen.
    #[test]
    fn a_lost_receipt_that_moved_money_is_found(history in histories()) {
        for lost in 0..history.heard.len() {
            let mut heard = history.heard.clone();
            let version = heard.remove(lost).order_version;
            let is_told_twice = heard.iter().any(|other| other.order_version == version);
            let moved = history.ledger.iter().any(|entry| entry.order_version == version);
            if moved && !is_told_twice {
                let past = Past { heard: &heard, ..history.past() };
                prop_assert_ne!(past.differences(), vec![]);
            }
        }
    }

    /// Whatever is not learned although a receipt says it: if it is money, that is seen.
    #[test]
    fn a_fact_that_the_order_lost_is_found(history in histories()) {
        let facts: Vec<_> = history.order().payment.facts.clone().into_facts().collect();
        for lost in 0..facts.len() {
            let mut rest = facts.clone();
            rest.remove(lost);
            let forgetful = history.order().rebuilt_from(knowing(&rest));
            let before = [KnownFacts::captured, KnownFacts::refunded, KnownFacts::lost].map(|sum| sum(&knowing(&facts)));
            let after = [KnownFacts::captured, KnownFacts::refunded, KnownFacts::lost].map(|sum| sum(&knowing(&rest)));
            let past = Past { order: &forgetful, ..history.past() };
            prop_assert_eq!(before != after && past.differences().is_empty(), false, "{:?}", facts[lost]);
        }
    }

    #[test]
    fn a_missing_or_invented_movement_is_found(history in histories(), at in any::<Index>()) {
        if history.ledger.is_empty() {
            return Ok(());
        }
        let at = at.index(history.ledger.len());
        let (mut without, mut with) = (history.ledger.clone(), history.ledger.clone());
        without.remove(at);
        with[at].amount.amount += 1;
        for ledger in [without, with] {
            prop_assert_ne!(Past { ledger: &ledger, ..history.past() }.differences(), vec![]);
        }
    }
}

#[test]
fn what_is_not_there_yet_is_nothing() {
    let history = History::of(placed());
    assert_eq!(history.past().at(Moment::Version(0)), None);
    assert_eq!(history.past().at(Moment::Version(2)), None);
    assert_eq!(history.past().at(Moment::Time(Timestamp::from_millis(-1))), None);
    assert_eq!(history.past().at(Moment::Version(1)).unwrap().order, placed());
}

/// The one exception: an intent's creation answer. Money has none.
#[test]
fn what_has_no_receipt_is_named_unless_it_is_the_answer_to_an_intents_creation() {
    let mut history = History::of(placed());
    let answer = vec![intent("pi_1", IntentStatus::RequiresPaymentMethod, 1, 0)];
    let now = Timestamp::from_millis(1);
    history.save(placed().attach_intent("pi_1".into(), answer, "c", now).unwrap());
    assert_eq!(history.past().differences(), vec![]);
    let paid = intent("pi_1", IntentStatus::Succeeded, 2, TOTAL);
    history.save(history.order().learn(vec![paid], "c", now).unwrap());
    let found = history.past().differences();
    assert!(found.iter().any(|difference| matches!(difference, Difference::NoReceipt(_))), "{found:?}");
    assert!(found.contains(&Difference::Captured(Differs { stored: TOTAL, rebuilt: 0 })), "{found:?}");
    let said: Vec<String> = found.iter().map(Difference::to_string).collect();
    assert!(said.contains(&"captured: 2500 is stored, 0 follows".to_owned()), "{said:#?}");
}

#[test]
fn an_order_that_expired_and_was_taken_up_again_was_called_off_in_between() {
    let mut history = History::of(placed());
    let at = |millis| Timestamp::from_millis(HELD_FOR + millis);
    history.save(history.order().expire("c", at(1)).unwrap());
    history.learn(intent("pi_1", IntentStatus::Succeeded, 2, TOTAL), at(2));
    history.save(history.order().reinstate("c", at(3)).unwrap());
    let then = history.past().at(Moment::Time(at(2))).unwrap();
    assert_eq!((then.order.status, then.order.reservation), (OrderStatus::Cancelled, Reservation::Released));
    assert_eq!(then.order.cancellation, Some(Cancellation { at: at(1), reason: CancelReason::Expired }));
    assert_eq!(history.past().differences(), vec![]);
}
