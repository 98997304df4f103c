//! Every hour: compares Stripe's records with ours, both ways, over a window wider than the three days for which Stripe
//! retries its webhooks. It heals what it can, and reports the rest.
//!
//! A pass reads lists that may be long, so it is split into runs, each of which continues where the one before stopped.
//! It is a library as well, for callers that want the differences without healing them.

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

/// The time reserved at the end of an invocation: one answer of Stripe's and the writes after it.
pub const RESERVE: Duration = Duration::from_secs(20);

/// The name of the checkpoint.
const JOB: &str = "reconcile-payments";
/// When an unused checkpoint expires, and the next run begins a new pass.
const CHECKPOINT_LIFETIME: Duration = Duration::from_hours(24);
/// The checkpoint of a complete pass.
const BEGINNING: &str = "";

/// How long one answer of Stripe's may take.
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

/// The rules of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How far it looks back.
    pub window: Duration,
    /// Younger objects are left alone, since their webhooks or consumers may still be at work.
    pub grace: Duration,
    /// Differences are only reported.
    pub dry_run: bool,
}

impl Rules {
    /// A week back, ten minutes of grace, and healing.
    pub const DEFAULT: Self =
        Self { window: Duration::from_hours(7 * 24), grace: Duration::from_mins(10), dry_run: false };
}

/// Compares our orders with Stripe.
#[derive(Debug)]
pub struct Reconciler<'a, O, T, C, I> {
    /// Our orders.
    pub orders: &'a O,
    /// Stripe's client.
    pub stripe: &'a Stripe<T, C, I>,
    /// The time.
    pub clock: &'a C,
    /// Jitter.
    pub ids: &'a I,
    /// The rules.
    pub rules: Rules,
}

/// Continues the pass of an earlier run, or begins one, and saves its cursor. Each difference is logged, and counted by
/// kind. A second run, even a concurrent one, heals nothing twice.
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
    // An earlier version's checkpoint in another format counts as none.
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
