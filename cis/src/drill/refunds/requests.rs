//! What is asked for, what was answered, and whether Stripe has it.

use std::collections::{BTreeMap, BTreeSet};

use domain::KnownFacts;
use resilience::{Ids as _, RandomIds};

use crate::http::Answer;

/// How often a request without a final answer is repeated.
pub const TRIES: usize = 60;
/// One in this many requests repeats the one before it.
const REPEATED: usize = 5;

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its idempotency key.
    pub key: String,
    /// Cents.
    pub amount: i64,
    /// Whether another request asks for the same under the same key.
    pub is_repeated: bool,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a refund, or will be.
    Accepted(AcceptedRefund),
    /// The API refused, with this status.
    Refused(u16),
    /// There was no final answer.
    NoAnswer,
}

/// A refund in the API's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedRefund {
    /// `rfd_…`
    pub refund: String,
    /// Cents.
    pub amount: i64,
}

impl Outcome {
    /// `None` when a retry may end differently.
    pub fn of(answer: &Answer) -> Option<Self> {
        match answer.status {
            201 => Some(Self::Accepted(AcceptedRefund {
                refund: answer.body["refund_id"].as_str().unwrap_or_default().to_owned(),
                amount: answer.body["amount"].as_i64().unwrap_or_default(),
            })),
            429 | 500.. => None,
            status => Some(Self::Refused(status)),
        }
    }

    /// Whether there is a refund.
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }
}

/// Requests of different sizes which add up to one and a half times the charge; some repeat the one before.
pub fn of(charge: i64, count: usize) -> Vec<Request> {
    let distinct = (count - count / REPEATED).max(1);
    let mean = charge * 3 / 2 / i64::try_from(distinct).unwrap_or(i64::MAX);
    let mut requests: Vec<Request> = Vec::with_capacity(count);
    for (number, step) in (0..count).zip(0_i64..) {
        let amount = (mean * (50 + step * 37 % 101) / 100).max(1);
        let repeated = requests.last().filter(|_| number % REPEATED == REPEATED - 1).cloned();
        let fresh = || Request { key: RandomIds.fresh().to_string(), amount, is_repeated: false };
        requests.push(repeated.map_or_else(fresh, |request| Request { is_repeated: true, ..request }));
    }
    requests
}

/// The accepted refunds by their keys, and how often two answers to one key were about different refunds.
pub fn accepted(requests: &[Request], outcomes: &[Outcome]) -> (BTreeMap<String, AcceptedRefund>, usize) {
    let mut by_key: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for (request, outcome) in requests.iter().zip(outcomes) {
        by_key.entry(request.key.clone()).or_default().push(outcome);
    }
    let mut accepted = BTreeMap::new();
    let mut told_apart = 0;
    for (key, outcomes) in by_key {
        let mut known: Vec<&AcceptedRefund> = vec![];
        known.extend(outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Accepted(accepted) => Some(accepted),
            _ => None,
        }));
        told_apart += known.iter().filter(|other| ***other != *known[0]).count();
        if let Some(first) = known.first() {
            accepted.insert(key, (*first).clone());
        }
    }
    (accepted, told_apart)
}

/// Broken promises: an accepted refund that Stripe does not have exactly once and with this amount, or has although it
/// was given up, and a refund that was not accepted.
pub fn broken(
    accepted: &BTreeMap<String, AcceptedRefund>,
    given_up: &BTreeSet<String>,
    at_stripe: &KnownFacts,
) -> Vec<String> {
    let mut broken = vec![];
    for AcceptedRefund { refund, amount } in accepted.values() {
        let made = at_stripe.refunds().filter(|made| made.action.as_ref() == Some(refund) && made.status.counts());
        let made: Vec<i64> = made.map(|made| made.amount.amount).collect();
        let promised = if given_up.contains(refund) { vec![] } else { vec![*amount] };
        if made != promised {
            broken.push(format!("{refund} over {amount} cents: Stripe should have {promised:?}, and has {made:?}"));
        }
    }
    let ours = |action: &Option<String>| accepted.values().any(|accepted| action.as_ref() == Some(&accepted.refund));
    for made in at_stripe.refunds().filter(|made| made.status.counts() && !ours(&made.action)) {
        broken.push(format!("{} over {} was not accepted", made.id, made.amount));
    }
    broken
}

#[cfg(test)]
mod tests {
    use domain::{Money, PaymentFact, RefundFact, RefundStatus};

    use super::*;

    fn made(id: &str, action: &str, amount: i64) -> PaymentFact {
        let (status, amount) = (RefundStatus::Succeeded, Money::new(amount, "eur".parse().unwrap()));
        let (intent, action) = (Some("pi_1".into()), Some(action.to_owned()));
        PaymentFact::Refund(RefundFact { status, amount, intent, action, id: id.into() })
    }

    fn known(facts: &[PaymentFact]) -> KnownFacts {
        let mut known = KnownFacts::default();
        known.extend(facts.iter().cloned());
        known
    }

    #[test]
    fn requests_ask_for_more_than_there_is_and_some_twice() {
        let requests = of(10_000, 200);
        let distinct: i64 = requests.iter().filter(|request| !request.is_repeated).map(|request| request.amount).sum();
        assert!((13_000..17_000).contains(&distinct), "{distinct}");
        assert_eq!(requests.iter().filter(|request| request.is_repeated).count(), 40);
        assert!(requests.windows(2).all(|pair| !pair[1].is_repeated || pair[0].key == pair[1].key));
    }

    #[test]
    fn an_accepted_refund_that_stripe_has_twice_or_not_at_all_is_found_and_so_is_a_strangers() {
        let refund = |refund: &str| AcceptedRefund { refund: refund.to_owned(), amount: 50 };
        let accepted = BTreeMap::from([("a".to_owned(), refund("rfd_1")), ("b".to_owned(), refund("rfd_2"))]);
        let broken = |given_up: &[&str], made: &[PaymentFact]| {
            let given_up = given_up.iter().copied().map(str::to_owned).collect();
            broken(&accepted, &given_up, &known(made)).len()
        };
        let both = [made("re_1", "rfd_1", 50), made("re_2", "rfd_2", 50)];
        assert_eq!(broken(&[], &both), 0);
        assert_eq!(broken(&[], &both[..1]), 1);
        assert_eq!(broken(&[], &[both.to_vec(), vec![made("re_3", "rfd_2", 50)]].concat()), 1);
        assert_eq!(broken(&[], &[both.to_vec(), vec![made("re_3", "rfd_3", 50)]].concat()), 1);
        assert_eq!(broken(&["rfd_2"], &both[..1]), 0, "it was given up");
        assert_eq!(broken(&["rfd_2"], &both), 1, "it was given up, and yet it is there");
    }

    #[test]
    fn two_answers_to_one_key_are_about_one_refund() {
        let request = Request { key: "a".to_owned(), amount: 50, is_repeated: false };
        let told = |refund: &str| Outcome::Accepted(AcceptedRefund { refund: refund.to_owned(), amount: 50 });
        let requests = [request.clone(), request];
        assert_eq!(accepted(&requests, &[told("rfd_1"), told("rfd_1")]).1, 0);
        assert_eq!(accepted(&requests, &[told("rfd_1"), told("rfd_2")]).1, 1);
    }
}
