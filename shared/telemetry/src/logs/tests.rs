use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::{debug, error, info, info_span, warn};

use super::*;
use crate::{NAMESPACE, SERVICE, count, time};

/// Runs `work` under a logging layer and gives its lines, each without the parts that differ from run to run.
fn logged(level: LevelFilter, work: impl FnOnce()) -> Vec<Value> {
    let written = Arc::new(Mutex::new(Vec::new()));
    let sink = written.clone();
    let logs = JsonLogs::new(level, Some("create-order"), move |line: &[u8]| sink.lock().unwrap().push(line.to_vec()));
    tracing::subscriber::with_default(Registry::default().with(logs), work);
    let lines = written.lock().unwrap();
    lines.iter().map(|line| without_times(line)).collect()
}

fn without_times(line: &[u8]) -> Value {
    let text = std::str::from_utf8(line).unwrap();
    assert_eq!(text.matches('\n').count(), 1, "one line: {text:?}");
    assert!(text.ends_with('\n'));
    let mut value: Value = serde_json::from_str(text).unwrap();
    if let Some(timestamp) = value.as_object_mut().unwrap().remove("timestamp") {
        Timestamp::parse(timestamp.as_str().unwrap()).unwrap();
    }
    if let Some(directive) = value.get_mut("_aws") {
        assert!(directive.as_object_mut().unwrap().remove("Timestamp").unwrap().is_u64());
    }
    value
}

#[test]
fn a_line_has_the_fields_of_its_event_and_of_all_its_spans() {
    let lines = logged(LevelFilter::INFO, || {
        let outer = info_span!(
            target: "lambda_runtime::layers::trace",
            "invoke",
            requestId = "r-1",
            xrayTraceId = "Root=1-5e6722a7-cc56;Parent=53995c3f;Sampled=1"
        );
        let _outer = outer.enter();
        let inner = info_span!("order", correlation_id = "corr-0001", order_id = tracing::field::Empty);
        let _inner = inner.enter();
        inner.record("order_id", "ord_1");
        info!(target: "create_order", lines = 3, express = false, "order placed");
    });
    assert_eq!(
        lines,
        [json!({
            "level": "INFO", "message": "order placed", "target": "create_order", "function": "create-order",
            "request_id": "r-1", "trace_id": "1-5e6722a7-cc56", "correlation_id": "corr-0001", "order_id": "ord_1",
            "lines": 3, "express": false
        })]
    );
}

#[test]
fn line_breaks_and_quotes_cannot_forge_a_line() {
    let lines = logged(LevelFilter::INFO, || info!(target: "t", name = "a\n{\"level\":\"ERROR\"}", "x\ny"));
    assert_eq!(lines[0]["name"], "a\n{\"level\":\"ERROR\"}");
    assert_eq!(lines[0]["message"], "x\ny");
}

#[test]
fn an_error_shows_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot read the table")]
    struct Outer(#[source] std::io::Error);
    let failure = Outer(std::io::Error::other("connection reset"));
    let lines = logged(LevelFilter::INFO, || {
        error!(target: "t", error = &failure as &dyn std::error::Error, "failed");
        error!(target: "t", error = %crate::chain(&failure), "failed");
    });
    for line in lines {
        assert_eq!(line["error"], "cannot read the table: connection reset");
    }
}

#[test]
fn the_level_is_kept_and_libraries_speak_only_of_trouble() {
    let events = || {
        debug!(target: "create_order", "detail");
        info!(target: "create_order", "news");
        info!(target: "aws_sdk_dynamodb", "chatter");
        debug!(target: "hyper::client", "chatter");
        warn!(target: "hyper::client", "trouble");
    };
    let messages = |level| logged(level, events).iter().map(|line| line["message"].clone()).collect::<Vec<_>>();
    assert_eq!(messages(LevelFilter::WARN), ["trouble"]);
    assert_eq!(messages(LevelFilter::INFO), ["news", "trouble"]);
    assert_eq!(messages(LevelFilter::TRACE), ["detail", "news", "trouble"]);
}

#[test]
fn metrics_of_one_invocation_are_one_line_at_its_end() {
    let lines = logged(LevelFilter::ERROR, || {
        let span = invocation("send-email", "r-2");
        span.in_scope(|| {
            count("mails_sent", 1);
            info_span!("inner").in_scope(|| count("mails_sent", 2));
            time("provider_call", std::time::Duration::from_micros(1_500));
            error!(target: "t", "in between");
        });
    });
    assert_eq!(lines[0]["message"], "in between");
    assert_eq!(
        lines[1],
        json!({
            "_aws": {"CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["service", "function"]],
                "Metrics": [{"Name": "mails_sent", "Unit": "Count"}, {"Name": "provider_call", "Unit": "Milliseconds"}]
            }]},
            "service": SERVICE, "function": "send-email", "request_id": "r-2",
            "mails_sent": [1.0, 2.0], "provider_call": [1.5]
        })
    );
    assert_eq!(lines.len(), 2);
}

#[test]
fn more_metrics_than_a_line_may_hold_become_several_lines() {
    let lines = logged(LevelFilter::INFO, || {
        invocation("sync-sheet", "r-3").in_scope(|| (0..250).for_each(|_| count("rows_written", 1)));
    });
    let sizes: Vec<_> = lines.iter().map(|line| line["rows_written"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn a_metric_outside_any_invocation_is_written_at_once() {
    let lines = logged(LevelFilter::INFO, || count("cold_starts", 1));
    assert_eq!(lines[0]["cold_starts"], json!([1.0]));
    assert_eq!(lines[0]["function"], "create-order");
}
