//! The trace of a run, line by line, for reading a failing seed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use domain::{OrderId, Timestamp};

/// A line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The time.
    pub at: Timestamp,
    /// The task.
    pub task: Arc<str>,
    /// The number of the invocation, and its function.
    pub invocation: Option<(u64, Arc<str>)>,
    /// The order that it concerns.
    pub order: Option<OrderId>,
    /// What happened.
    pub text: String,
}

/// The trace of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The lines, in the order in which they happened.
    pub lines: Vec<Line>,
}

impl Trace {
    /// The lines about this order: those that name it, and those of invocations that do.
    #[must_use]
    pub fn of(&self, order: OrderId) -> Self {
        let names = |line: &&Line| line.order == Some(order);
        let about = self.lines.iter().filter(names);
        let invocations: BTreeSet<u64> = about.filter_map(|line| Some(line.invocation.as_ref()?.0)).collect();
        let wanted = |line: &&Line| match &line.invocation {
            _ if line.order == Some(order) => true,
            Some((number, _)) => line.order.is_none() && invocations.contains(number),
            None => false,
        };
        Self { lines: self.lines.iter().filter(wanted).cloned().collect() }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {:<22}", self.at, self.task)?;
        if let Some((number, function)) = &self.invocation {
            write!(f, "  {function}#{number}")?;
        }
        write!(f, "  {}", self.text)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Writes a trace. A writer that does not record builds no text either.
#[derive(Debug, Default)]
pub struct TraceWriter(Option<RefCell<Trace>>);

impl TraceWriter {
    /// A writer that records.
    pub fn recording() -> Self {
        Self(Some(RefCell::default()))
    }

    /// Whether it records.
    pub const fn writes(&self) -> bool {
        self.0.is_some()
    }

    /// Writes a line.
    pub fn write(&self, line: impl FnOnce() -> Line) {
        if let Some(trace) = &self.0 {
            let line = line();
            trace.borrow_mut().lines.push(line);
        }
    }

    /// What was written.
    pub fn trace(&self) -> Trace {
        self.0.as_ref().map(|trace| trace.borrow().clone()).unwrap_or_default()
    }
}
