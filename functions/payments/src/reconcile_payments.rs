//! Every hour: what Stripe has and what we have are held against each other, both ways, over a window that is wider than
//! the three days for which Stripe repeats its webhooks. What can be healed is, and what cannot is reported.
//!
//! A pass goes through lists that may be long, so it is cut into runs: each goes on where the one before stopped. It is
//! a library as well, for whoever wants to see the differences without healing them.

mod compare;
mod cursor;
mod orders;
mod pass;
mod report;
mod stripes;

use std::time::Duration;

use domain::Timestamp;
use resilience::{Clock, Deadline};
use settings::SecretError;
use store::{JobCheckpoints, StoreError};
use stripe::Stripe;

pub use cursor::PassCursor;
pub use pass::Bounds;
pub use report::{ComparisonCounts, Difference, Kind, Outcome, Report, Summary};

/// Kept of the invocation's time: one answer of Stripe's and the writes after it.
pub const RESERVE: Duration = Duration::from_secs(20);

/// The name that the bookmark has.
const JOB: &str = "reconcile-payments";
/// A place that nobody came back to for so long is forgotten, and the next run begins a new pass.
const CHECKPOINT_LIFETIME: Duration = Duration::from_hours(24);
/// The place after a pass that came to its end.
const BEGINNING: &str = "";

/// One answer of Stripe's may take so long.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a run did not go on.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Stripe's key cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The place cannot be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a pass is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How far it looks back.
    pub window: Duration,
    /// What is younger is left alone, since its webhook or its consumer may be on the way.
    pub grace: Duration,
    /// Differences are only said.
    pub dry_run: bool,
}

impl Rules {
    /// A week back, ten minutes of grace, and healing.
    pub const DEFAULT: Self =
        Self { window: Duration::from_hours(7 * 24), grace: Duration::from_mins(10), dry_run: false };
}

/// What is needed to hold our orders against Stripe.
#[derive(Debug)]
pub struct Reconciler<'a, O, T, C, I> {
    /// Ours.
    pub orders: &'a O,
    /// Stripe's.
    pub stripe: &'a Stripe<T, C, I>,
    /// The time.
    pub clock: &'a C,
    /// Jitter.
    pub ids: &'a I,
    /// How.
    pub rules: Rules,
}

/// Goes on with the pass that an earlier run left, or begins one, and keeps its place. Each difference is logged, and
/// counted by its kind. A second run, at the same time even, heals nothing twice.
///
/// # Errors
///
/// [`ReconcileError`]. What was healed stays healed.
pub async fn handle(
    env: &(impl capabilities::Guards + capabilities::Orders + capabilities::ReconcileWindow + capabilities::Stripe),
    deadline: Deadline,
) -> Result<Summary, ReconcileError> {
    let (stripe, guards) = (&env.stripe(TIMEOUT).await?, env.guards());
    let rules = Rules { window: bounded(env.reconcile_window()), ..Rules::DEFAULT };
    let reconciler = Reconciler { orders: env.orders(), stripe, clock: env.clock(), ids: env.ids(), rules };
    let now = reconciler.clock.now();
    let kept = guards.checkpoint(JOB, now).await?.unwrap_or_else(|| BEGINNING.to_owned());
    // A place that an earlier version wrote otherwise is as good as none.
    let cursor = serde_json::from_str(&kept).unwrap_or_else(|_| PassCursor::start(&reconciler.rules, reconciler.clock));
    let (cursor, report) = reconciler.run(cursor, Bounds::of_run(deadline)).await;
    let cursor = cursor.and_then(|cursor| serde_json::to_string(&cursor).ok()).unwrap_or_else(|| BEGINNING.to_owned());
    if cursor != kept {
        keep(guards, &cursor, now).await?;
    }
    log_report(&report);
    Ok(report.summary())
}

/// A window that is wider than Stripe repeats its webhooks, and does not go beyond what it lists: 4 to 30 days.
pub fn bounded(window: Duration) -> Duration {
    window.clamp(Duration::from_hours(4 * 24), Duration::from_hours(30 * 24))
}

async fn keep(guards: &impl JobCheckpoints, cursor: &str, now: Timestamp) -> Result<(), StoreError> {
    guards.save_checkpoint(JOB, cursor, now.plus(CHECKPOINT_LIFETIME)).await
}

fn log_report(report: &Report) {
    for Difference { kind, order_id, object, ours, stripes, outcome } in &report.differences {
        let order_id = order_id.map(|id| id.to_string());
        if *outcome == Outcome::Left {
            tracing::error!(%kind, order_id, object, ours, stripes, "difference that needs people");
        } else {
            tracing::warn!(%kind, order_id, object, ours, stripes, %outcome, "difference found");
        }
    }
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    for (kind, found) in report.kinds() {
        telemetry::count(kind.metric(), number(found));
    }
    telemetry::count("Differences", number(report.differences.len()));
    telemetry::count("DifferencesLeft", number(report.left()));
    telemetry::count("ReconciliationPasses", u32::from(report.finished));
    if let Some(why) = &report.stopped {
        tracing::warn!(why, "reconciliation goes on in a later run");
    }
}
