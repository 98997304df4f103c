//! A step of the test command: a name, what it needs, and what it does.

use std::pin::Pin;

use super::needs::Need;
use crate::checks::{CheckError, Count};

type Work = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Count, CheckError>>>>>;

/// One step.
pub struct Step {
    /// What it is called on the command line and in the output.
    pub name: &'static str,
    /// What it needs of the machine.
    pub needs: &'static [Need],
    work: Work,
}

impl Step {
    /// A step.
    pub fn new<F: Future<Output = Result<Count, CheckError>> + 'static>(
        name: &'static str,
        needs: &'static [Need],
        work: impl Fn() -> F + 'static,
    ) -> Self {
        Self { name, needs, work: Box::new(move || Box::pin(work())) }
    }

    /// Whether it needs Python or Node, and with them the network once.
    pub fn needs_more_than_rust(&self) -> bool {
        self.needs.contains(&Need::Python) || self.needs.contains(&Need::Node)
    }

    /// Does it.
    pub async fn run(&self) -> Result<Count, CheckError> {
        (self.work)().await
    }
}
