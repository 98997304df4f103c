//! What happened, line by line, so that a failing seed can be read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use domain::{OrderId, Timestamp};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub task: Arc<str>,
    /// In which invocation of which function.
    pub invocation: Option<(u64, Arc<str>)>,
    /// About which order.
    pub order: Option<OrderId>,
    /// What.
    pub text: String,
}

/// Everything that happened in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// In the order in which it happened.
    pub lines: Vec<Line>,
}

impl Trace {
    /// What has to do with this order: what names it, and all that was done in invocations that did.
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

/// Writes a story down; without a page nothing is written and nothing is put into words.
#[derive(Debug, Default)]
pub struct TraceWriter(Option<RefCell<Trace>>);

impl TraceWriter {
    /// One that writes.
    pub fn recording() -> Self {
        Self(Some(RefCell::default()))
    }

    /// Whether anything is written.
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
