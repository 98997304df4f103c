//! The answers of a rate-limited bucket, and whether they are as promised.

use std::time::Duration;

use resilience::Limit;

use crate::drill::Findings;
use crate::http::Answer;

/// Too many requests.
pub const REFUSED: u16 = 429;

/// The answers of a rate-limited bucket.
#[derive(Default)]
pub struct AnswerCounts {
    passed: usize,
    refused: usize,
    other: usize,
    /// The longest wait that a refusal asked for.
    retry_after: u64,
}

/// Seconds that a refusal asks to wait; 0 when the request passed.
pub fn wait_of(answer: &Answer) -> u64 {
    let header = answer.headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    header.and_then(|text| text.parse().ok()).unwrap_or_default()
}

impl AnswerCounts {
    /// Counts an answer.
    pub fn record(&mut self, answer: &Answer) {
        match answer.status {
            REFUSED => self.refused += 1,
            200 | 404 => self.passed += 1,
            _ => self.other += 1,
        }
        self.retry_after = self.retry_after.max(wait_of(answer));
    }

    /// All of them together.
    pub fn sum(all_counts: Vec<Self>) -> Self {
        all_counts.into_iter().fold(Self::default(), |all, one| Self {
            passed: all.passed + one.passed,
            refused: all.refused + one.refused,
            other: all.other + one.other,
            retry_after: all.retry_after.max(one.retry_after),
        })
    }
}

impl Findings {
    /// A full bucket gives what it has at once, and then one each interval.
    pub fn of_bucket(
        &mut self,
        whose: &str,
        limit: Limit,
        took: Duration,
        counts: &AnswerCounts,
        undisturbed: &AnswerCounts,
    ) {
        let refilled = took.as_millis() / limit.interval().as_millis().max(1);
        let most = limit.requests as usize + usize::try_from(refilled).unwrap_or(usize::MAX);
        let asked = counts.passed + counts.refused + counts.other;
        println!(
            "{whose}: {asked} requests in {:.1} s, {} passed, {} refused, limit {} a minute",
            took.as_secs_f64(),
            counts.passed,
            counts.refused,
            limit.requests * 60 / u32::try_from(limit.period.as_secs()).unwrap_or(60).max(1),
        );
        self.expect(counts.passed <= most, &format!("at most {} + {refilled} pass", limit.requests));
        self.expect(counts.passed >= limit.requests as usize, "all that may pass do");
        self.expect(counts.refused > 0 && counts.other == 0, "the rest is refused with 429 and nothing else happens");
        let longest = limit.interval().as_secs() + 1;
        self.expect(counts.retry_after <= longest, &format!("no client has to wait for more than {longest} s"));
        let all = undisturbed.passed + undisturbed.refused + undisturbed.other;
        self.expect(
            undisturbed.passed == all && all > 0,
            &format!("an uninvolved client: {} of {all} pass", undisturbed.passed),
        );
    }
}
