//! Metrics in CloudWatch's embedded metric format: log lines from which CloudWatch reads numbers, so that a metric costs
//! no call. (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>)

use std::{fmt, time::Duration};

use resilience::CacheOutcome;
use serde_json::json;
use timestamp::Timestamp;
use tracing::{
    Event,
    field::{Field, Visit},
};

use crate::fields::Fields;

/// CloudWatch's namespace of all our metrics.
pub const NAMESPACE: &str = "OrderSystem";
/// The value of the dimension `service`; the other dimension is `function`.
pub const SERVICE: &str = "orders";

/// The target that distinguishes a measurement from a log event.
pub(crate) const TARGET: &str = "telemetry::metric";
/// The format's limits: 100 values of a metric and 100 metrics in one line. Counting samples keeps below both.
const MOST_SAMPLES: usize = 100;

/// Adds to a counter of this invocation.
pub fn count(metric: &'static str, amount: u32) {
    tracing::info!(target: TARGET, name = metric, unit = "Count", value = f64::from(amount));
}

/// Records how long something took in this invocation.
pub fn time(metric: &'static str, duration: Duration) {
    tracing::info!(target: TARGET, name = metric, unit = "Milliseconds", value = duration.as_secs_f64() * 1000.0);
}

/// Counts what a cache had to say, under its name: `CacheHits.Secrets`.
pub fn count_cached<E>(cache: &str, outcome: &CacheOutcome<E>) {
    tracing::info!(target: TARGET, name = cache_metric(cache, outcome), unit = "Count", value = 1.0);
}

fn cache_metric<E>(cache: &str, outcome: &CacheOutcome<E>) -> String {
    let what = match outcome {
        CacheOutcome::Hit => "CacheHits",
        CacheOutcome::Miss => "CacheMisses",
        CacheOutcome::Stale(_) => "CacheStale",
    };
    format!("{what}.{cache}")
}

/// One measured value.
pub(crate) struct Sample {
    name: String,
    unit: String,
    value: f64,
}

/// What one invocation has measured so far.
#[derive(Default)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Keeps one more; gives back a full line's worth.
    pub(crate) fn push(&mut self, sample: Sample) -> Option<Self> {
        self.0.push(sample);
        (self.0.len() == MOST_SAMPLES).then(|| std::mem::take(self))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The line: what CloudWatch shall extract, the dimensions, the values, and `properties` to search by.
    pub(crate) fn to_fields(&self, properties: &Fields, now: Timestamp) -> Fields {
        let mut metrics: Vec<(&str, &str, Vec<f64>)> = Vec::new();
        for sample in &self.0 {
            match metrics.iter_mut().find(|(name, ..)| *name == sample.name) {
                Some((_, _, values)) => values.push(sample.value),
                None => metrics.push((&sample.name, &sample.unit, vec![sample.value])),
            }
        }
        let definitions: Vec<_> = metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let directive = json!({
            "Namespace": NAMESPACE, "Dimensions": [["service", "function"]], "Metrics": definitions
        });
        let mut line = Fields::default();
        line.set("_aws", json!({"Timestamp": now.millis(), "CloudWatchMetrics": [directive]}));
        line.set("service", SERVICE);
        line.extend(properties);
        for (name, _, values) in metrics {
            line.set(name.to_owned(), values);
        }
        line
    }
}

/// Reads a measurement out of its event.
pub(crate) fn sample(event: &Event<'_>) -> Option<Sample> {
    let mut reader = Reader::default();
    event.record(&mut reader);
    Some(Sample { name: reader.name?, unit: reader.unit?, value: reader.value? })
}

#[derive(Default)]
struct Reader {
    name: Option<String>,
    unit: Option<String>,
    value: Option<f64>,
}

impl Visit for Reader {
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "name" => self.name = Some(value.to_owned()),
            "unit" => self.unit = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_f64(&mut self, _: &Field, value: f64) {
        self.value = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cache_has_its_own_counters() {
        let named = |outcome: CacheOutcome<&str>| cache_metric("Products", &outcome);
        assert_eq!(named(CacheOutcome::Hit), "CacheHits.Products");
        assert_eq!(named(CacheOutcome::Miss), "CacheMisses.Products");
        assert_eq!(named(CacheOutcome::Stale(Some("down"))), "CacheStale.Products");
    }
}
