//! Misbehaviour that can be switched on. The same seed and the same calls give the same faults.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde::Serialize;

use crate::provider::{Provider, Refusal};

mod rule;

pub use rule::{Fault, FaultKind, When};

/// What becomes of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The answer takes this much longer.
    pub latency: Duration,
    /// Whether it is done and answered.
    pub result: CallResult,
}

/// Whether a call is done and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// Done and answered.
    Answered,
    /// Not done, answered with an error.
    Refused(Refusal),
    /// Done, answered with 500.
    FailedAfterEffect,
    /// Not done and never answered.
    Lost(Loss),
    /// Done and never answered.
    AnswerLost {
        /// Until the connection is reset.
        after: Duration,
    },
}

/// How a call gets lost before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// No connection.
    Unreachable,
    /// The connection was reset.
    Reset,
    /// Silence for that long.
    Silence(Duration),
}

/// What becomes of a webhook on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookPlan {
    /// It goes out, one entry for each copy: how much later.
    Sent(Vec<Duration>),
    /// It never comes.
    Dropped {
        /// Whether the provider takes it for delivered.
        acknowledged: bool,
    },
}

/// A rule that is switched on, with its counts.
#[derive(Clone, Debug, Serialize)]
pub struct ActiveFault {
    /// Names it for DELETE.
    pub id: u64,
    /// The rule.
    #[serde(flatten)]
    pub fault: Fault,
    /// Calls that matched.
    pub matched: u64,
    /// Calls that were hit.
    pub hits: u64,
}

/// The rules that are switched on.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<ActiveFault>,
    rng: SmallRng,
    last_id: u64,
}

impl Faults {
    /// No rules yet; `seed` fixes every random choice to come.
    pub fn new(seed: u64) -> Self {
        Self { rules: Vec::new(), rng: SmallRng::seed_from_u64(seed), last_id: 0 }
    }

    /// Switches a rule on and gives its id.
    pub fn add(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        self.rules.push(ActiveFault { id: self.last_id, fault, matched: 0, hits: 0 });
        self.last_id
    }

    /// The rules with their counts.
    pub fn list(&self) -> &[ActiveFault] {
        &self.rules
    }

    /// Switches one rule off. Returns false when there is no rule with that id.
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() < before
    }

    /// Switches all rules off.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Decides what becomes of a call. Latencies add up; of the other faults the first that hits wins.
    pub fn plan(&mut self, provider: Provider, method: &str, path: &str) -> Plan {
        let mut plan = Plan { latency: Duration::ZERO, result: CallResult::Answered };
        for rule in self.rules.iter_mut().filter(|rule| !rule.fault.is_for_webhooks()) {
            if !rule.fault.matches(provider, Some(method), path) || !hits(rule, &mut self.rng) {
                continue;
            }
            if let FaultKind::Latency { millis } = rule.fault.kind {
                plan.latency += Duration::from_millis(millis);
            } else if plan.result == CallResult::Answered {
                plan.result = result(&rule.fault.kind);
            }
        }
        plan
    }

    /// Decides when the copies of a webhook go out, if they do. Of several drops the first that hits wins.
    pub fn plan_webhook(&mut self, provider: Provider, event_type: &str) -> WebhookPlan {
        let mut delays = vec![Duration::ZERO];
        let mut dropped = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.fault.is_for_webhooks()) {
            if !rule.fault.matches(provider, None, event_type) || !hits(rule, &mut self.rng) {
                continue;
            }
            match rule.fault.kind {
                FaultKind::WebhookDuplicate { copies } => {
                    delays.extend((0..copies).map(|_| Duration::from_millis(self.rng.random_range(0..=1000))));
                }
                FaultKind::WebhookReorder { within_millis } => {
                    for delay in &mut delays {
                        *delay += Duration::from_millis(self.rng.random_range(0..=within_millis));
                    }
                }
                FaultKind::WebhookDelay { millis } => {
                    for delay in &mut delays {
                        *delay += Duration::from_millis(millis);
                    }
                }
                FaultKind::WebhookDrop { acknowledged } => {
                    dropped.get_or_insert(WebhookPlan::Dropped { acknowledged });
                }
                _ => {}
            }
        }
        dropped.unwrap_or(WebhookPlan::Sent(delays))
    }
}

fn hits(rule: &mut ActiveFault, rng: &mut SmallRng) -> bool {
    rule.matched += 1;
    let when = rule.fault.when;
    // The random number is drawn whatever the counts say: a rule's draws then depend on its matching calls alone.
    let drawn = when.probability.is_none_or(|probability| rng.random::<f64>() < probability);
    let hit = drawn && when.nth.is_none_or(|nth| nth == rule.matched) && when.times.is_none_or(|n| rule.hits < n);
    rule.hits += u64::from(hit);
    hit
}

fn result(kind: &FaultKind) -> CallResult {
    match *kind {
        FaultKind::TooManyRequests { retry_after } => CallResult::Refused(Refusal::TooManyRequests { retry_after }),
        FaultKind::InternalError => CallResult::Refused(Refusal::InternalError),
        FaultKind::FinalError => CallResult::Refused(Refusal::FinalError),
        FaultKind::DependencyFailed => CallResult::Refused(Refusal::DependencyFailed),
        FaultKind::Invalid => CallResult::Refused(Refusal::Invalid),
        FaultKind::ErrorAfterEffect => CallResult::FailedAfterEffect,
        FaultKind::Unavailable => CallResult::Refused(Refusal::Unavailable),
        FaultKind::Conflict => CallResult::Refused(Refusal::Conflict),
        FaultKind::Unreachable => CallResult::Lost(Loss::Unreachable),
        FaultKind::ConnectionReset => CallResult::Lost(Loss::Reset),
        FaultKind::Timeout { millis } => CallResult::Lost(Loss::Silence(Duration::from_millis(millis))),
        FaultKind::AnswerLost { millis } => CallResult::AnswerLost { after: Duration::from_millis(millis) },
        FaultKind::Latency { .. }
        | FaultKind::WebhookDuplicate { .. }
        | FaultKind::WebhookReorder { .. }
        | FaultKind::WebhookDelay { .. }
        | FaultKind::WebhookDrop { .. } => CallResult::Answered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(seed: u64, fault: &Fault, calls: usize) -> Vec<CallResult> {
        let mut faults = Faults::new(seed);
        faults.add(fault.clone());
        (0..calls).map(|_| faults.plan(Provider::Stripe, "POST", "/v1/refunds").result).collect()
    }

    #[test]
    fn a_seed_gives_the_same_faults_again_and_another_seed_others() {
        let fault = Fault::new(FaultKind::Unavailable).probability(0.3);
        let first = fates(7, &fault, 1000);
        assert_eq!(first, fates(7, &fault, 1000));
        assert_ne!(first, fates(8, &fault, 1000));
        let hit = first.iter().filter(|result| **result != CallResult::Answered).count();
        assert!((250..350).contains(&hit), "{hit} of 1000 at 30 %");
    }

    #[test]
    fn nth_hits_once_and_times_hits_the_first_ones() {
        let down = CallResult::Refused(Refusal::Unavailable);
        let up = CallResult::Answered;
        let fault = Fault::new(FaultKind::Unavailable);
        assert_eq!(fates(1, &fault.clone().nth(3), 4), [up, up, down, up]);
        assert_eq!(fates(1, &fault.times(2), 4), [down, down, up, up]);
    }

    #[test]
    fn a_rule_hits_only_the_calls_that_it_names() {
        let mut faults = Faults::new(1);
        let rule = Fault::new(FaultKind::ConnectionReset).at(Provider::Stripe).on("POST", "/v1/refunds");
        let id = faults.add(rule);
        let lost = CallResult::Lost(Loss::Reset);
        assert_eq!(faults.plan(Provider::Stripe, "POST", "/v1/refunds").result, lost);
        assert_eq!(faults.plan(Provider::Stripe, "GET", "/v1/refunds").result, CallResult::Answered);
        assert_eq!(faults.plan(Provider::Stripe, "POST", "/v1/payment_intents").result, CallResult::Answered);
        assert_eq!(faults.plan(Provider::Sheets, "POST", "/v1/refunds").result, CallResult::Answered);
        assert_eq!((faults.list()[0].matched, faults.list()[0].hits), (1, 1));
        assert!(faults.remove(id) && !faults.remove(id));
        assert_eq!(faults.plan(Provider::Stripe, "POST", "/v1/refunds").result, CallResult::Answered);
    }

    #[test]
    fn latencies_add_up_and_leave_the_fate_to_others() {
        let mut faults = Faults::new(1);
        faults.add(Fault::new(FaultKind::Latency { millis: 100 }));
        faults.add(Fault::new(FaultKind::AnswerLost { millis: 5 }));
        faults.add(Fault::new(FaultKind::Latency { millis: 50 }));
        faults.add(Fault::new(FaultKind::InternalError));
        let plan = faults.plan(Provider::Sheets, "GET", "/v4/spreadsheets");
        assert_eq!(plan.latency.as_millis(), 150);
        assert_eq!(plan.result, CallResult::AnswerLost { after: Duration::from_millis(5) });
    }

    fn sent(faults: &mut Faults, event_type: &str) -> Vec<Duration> {
        match faults.plan_webhook(Provider::Stripe, event_type) {
            WebhookPlan::Sent(delays) => delays,
            dropped @ WebhookPlan::Dropped { .. } => panic!("{dropped:?}"),
        }
    }

    #[test]
    fn a_dropped_webhook_has_no_copies_and_a_seed_drops_the_same_ones_again() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            faults.add(Fault::new(FaultKind::WebhookDuplicate { copies: 1 }));
            faults.add(Fault::new(FaultKind::WebhookDrop { acknowledged: false }).probability(0.2));
            (0..1000)
                .map(|_| faults.plan_webhook(Provider::Stripe, "x") == WebhookPlan::Dropped { acknowledged: false })
                .collect::<Vec<_>>()
        };
        let first = run(7);
        let dropped = first.iter().filter(|dropped| **dropped).count();
        assert!((150..250).contains(&dropped), "{dropped} of 1000 at 20 %");
        assert_eq!(first, run(7));
        assert_ne!(first, run(8));

        let mut faults = Faults::new(1);
        faults.add(Fault::new(FaultKind::WebhookDrop { acknowledged: true }).on_event("charge.").times(1));
        assert_eq!(sent(&mut faults, "refund.created"), [Duration::ZERO]);
        let dropped = faults.plan_webhook(Provider::Stripe, "charge.refunded");
        assert_eq!(dropped, WebhookPlan::Dropped { acknowledged: true });
        assert_eq!(sent(&mut faults, "charge.refunded"), [Duration::ZERO]);
    }

    #[test]
    fn webhooks_are_copied_delayed_and_shuffled() {
        let mut faults = Faults::new(3);
        faults.add(Fault::new(FaultKind::WebhookDuplicate { copies: 2 }).on_event("payment_intent."));
        faults.add(Fault::new(FaultKind::WebhookDelay { millis: 5000 }));
        assert_eq!(sent(&mut faults, "charge.succeeded"), [Duration::from_secs(5)]);
        let copies = sent(&mut faults, "payment_intent.succeeded");
        assert_eq!(copies.len(), 3);
        assert!(copies.iter().all(|delay| *delay >= Duration::from_secs(5)));
        assert_eq!(faults.plan(Provider::Stripe, "POST", "/v1/refunds").result, CallResult::Answered);

        let mut faults = Faults::new(3);
        faults.add(Fault::new(FaultKind::WebhookReorder { within_millis: 1000 }));
        let delays: Vec<_> = (0..20).flat_map(|_| sent(&mut faults, "x")).collect();
        assert!(delays.windows(2).any(|pair| pair[1] < pair[0]), "some overtake");
    }

    #[test]
    fn rules_are_read_from_json() {
        let text = r#"{"provider":"stripe","method":"POST","path":"/v1/refunds","kind":"too_many_requests","retry_after":2,"probability":0.1}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        let expected = Fault::new(FaultKind::TooManyRequests { retry_after: Some(2) });
        assert_eq!(fault, expected.at(Provider::Stripe).on("POST", "/v1/refunds").probability(0.1));
        assert_eq!(serde_json::to_string(&fault).unwrap(), text);
        let fault: Fault = serde_json::from_str(r#"{"kind":"answer_lost","nth":2}"#).unwrap();
        assert_eq!(fault, Fault::new(FaultKind::AnswerLost { millis: 0 }).nth(2));
        let fault: Fault =
            serde_json::from_str(r#"{"kind":"webhook_drop","path":"charge.","probability":0.2}"#).unwrap();
        let expected = Fault::new(FaultKind::WebhookDrop { acknowledged: false });
        assert_eq!(fault, expected.on_event("charge.").probability(0.2));
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"gremlins"}"#).is_err());
    }
}
