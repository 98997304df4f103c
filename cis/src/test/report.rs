//! What became of the steps: how long each took, and how many checks it counted.

use std::fmt;
use std::time::Duration;

use crate::checks::{CheckError, Count};

/// What became of one step.
#[derive(Debug)]
pub enum Ended {
    /// All of its checks passed.
    Passed(Count, Duration),
    /// It failed.
    Failed(CheckError, Duration),
    /// It was left out, as was asked for.
    LeftOut,
}

impl Ended {
    /// Of what a step said after so long.
    pub fn after(result: Result<Count, CheckError>, time: Duration) -> Self {
        match result {
            Ok(count) => Self::Passed(count, time),
            Err(error) => Self::Failed(error, time),
        }
    }

    fn time(&self) -> Duration {
        match self {
            Self::Passed(_, time) | Self::Failed(_, time) => *time,
            Self::LeftOut => Duration::ZERO,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(count, time) => write!(to, "{} passed in {:.1} s", count.passed, time.as_secs_f64()),
            Self::Failed(error, time) => write!(to, "FAILED after {:.1} s: {error}", time.as_secs_f64()),
            Self::LeftOut => to.write_str("LEFT OUT: it needs Python and Node"),
        }
    }
}

/// All steps, in the order in which they ended.
#[derive(Debug, Default)]
pub struct Report(Vec<(&'static str, Ended)>);

impl Report {
    /// Adds a step.
    pub fn record(&mut self, name: &'static str, ended: Ended) {
        self.0.push((name, ended));
    }

    /// How many failed.
    pub fn failures(&self) -> usize {
        self.0.iter().filter(|(_, ended)| matches!(ended, Ended::Failed(..))).count()
    }

    fn count(&self) -> Count {
        let mut total = Count::default();
        for (_, ended) in &self.0 {
            match ended {
                Ended::Passed(count, _) => total += *count,
                Ended::Failed(..) => total += Count { passed: 0, failed: 1 },
                Ended::LeftOut => {}
            }
        }
        total
    }
}

/// A table, and a last line that counts all.
impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, ended) in &self.0 {
            let said = match ended {
                Ended::Passed(count, _) => format!("{} passed", count.passed),
                Ended::Failed(..) => "FAILED".to_owned(),
                Ended::LeftOut => "left out".to_owned(),
            };
            writeln!(to, "{name:<20} {:>8.1} s  {said}", ended.time().as_secs_f64())?;
        }
        let time: Duration = self.0.iter().map(|(_, ended)| ended.time()).sum();
        writeln!(to, "{:<20} {:>8.1} s", "together", time.as_secs_f64())?;
        let Count { passed, failed } = self.count();
        write!(to, "{passed} passed, {failed} failed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_line_and_the_last_line_counts() {
        let mut report = Report::default();
        let second = Duration::from_secs(1);
        report.record("clippy", Ended::LeftOut);
        report.record("rust tests", Ended::after(Ok(Count { passed: 12, failed: 0 }), second));
        report.record("contract", Ended::after(Err(CheckError::Missing("no".to_owned())), second * 90));
        let expected = "\
clippy                    0.0 s  left out
rust tests                1.0 s  12 passed
contract                 90.0 s  FAILED
together                 91.0 s
12 passed, 1 failed";
        assert_eq!((report.to_string().as_str(), report.failures()), (expected, 1));
    }
}
