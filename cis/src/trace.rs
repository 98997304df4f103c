//! `cargo cis trace`: the history of one order, from what is stored and what was logged.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use auth::Role;
use clap::Args;
use serde_json::Value;

use crate::logs;
use crate::shop::{Shop, ShopError};
use crate::stack::Stack;

/// Which order.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// `ord_…`
    order: String,
}

/// Why the trace fails.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// No stack to ask.
    #[error("no stack is up; `cargo cis up` starts one")]
    NoStack,
    /// The stack's files.
    #[error("cannot read the stack's files")]
    Files(#[from] io::Error),
    /// The history.
    #[error("cannot read the order's history")]
    History(#[from] ShopError),
}

/// Prints the history from the API, then the log lines that name the order or one of its correlation ids.
///
/// # Errors
///
/// No stack is up, or there is no such order.
pub async fn trace(options: &Options) -> Result<(), TraceError> {
    let stack = Stack::load()?.ok_or(TraceError::NoStack)?;
    let entries = Shop::seen_by(&stack, Role::Staff)?.history(&options.order).await?;
    let mut out = io::stdout();
    writeln!(out, "stored:")?;
    for entry in &entries {
        writeln!(out, "  {}", line(entry))?;
    }
    let correlations = entries.iter().filter_map(|entry| entry["correlation_id"].as_str());
    let words: BTreeSet<&str> = correlations.chain([options.order.as_str()]).collect();
    writeln!(out, "logged:")?;
    for logged in logs::about(&words)? {
        writeln!(out, "  {}", logs::render(&logged))?;
    }
    Ok(())
}

/// When, what kind, and the rest.
fn line(entry: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rest = entry.as_object().into_iter().flatten().filter(|(name, _)| !["at", "kind"].contains(&name.as_str()));
    let rest: Vec<String> = rest.map(|(name, value)| format!("{name}={}", text(value))).collect();
    format!("{} {:<8} {}", text(&entry["at"]), text(&entry["kind"]), rest.join(" "))
}
