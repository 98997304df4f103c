//! `cargo cis state`: an order as it was.

use std::io::{self, Write as _};

use api::OrderAnswer;
use clap::Args;
use domain::{OrderId, PointInTime, Timestamp};

use super::{Records, RecordsError};

/// Which order, and when.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// `ord_…`
    order: OrderId,
    /// An RFC 3339 time, `2026-11-23T09:00:00Z`, or one of the order's versions.
    #[arg(long, value_parser = moment)]
    at: PointInTime,
}

/// Prints the order as `GET` would have shown it, then what cannot be known any more.
///
/// # Errors
///
/// There was no such order then, or it cannot be read.
pub async fn state(options: &Options) -> Result<(), RecordsError> {
    let stored = Records::open()?.read(options.order).await?;
    let then = stored.history().at(options.at).ok_or(RecordsError::NotThen(options.order))?;
    let mut out = io::stdout();
    writeln!(out, "{}", serde_json::to_string_pretty(&OrderAnswer::from(&then.order))?)?;
    for gap in &then.gaps {
        writeln!(out, "no longer known: {gap}")?;
    }
    Ok(())
}

fn moment(text: &str) -> Result<PointInTime, domain::InvalidTimestamp> {
    match text.parse() {
        Ok(version) => Ok(PointInTime::Version(version)),
        Err(_) => Timestamp::parse(text).map(PointInTime::Time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_version_or_a_time() {
        assert_eq!(moment("3").unwrap(), PointInTime::Version(3));
        assert_eq!(moment("1970-01-01T00:00:01Z").unwrap(), PointInTime::Time(Timestamp::from_seconds(1)));
        assert!(moment("yesterday").is_err());
    }
}
