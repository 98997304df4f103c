//! Logs: one JSON object per line on standard output, from where Lambda takes them to CloudWatch.

use std::{
    io::{Write, stdout},
    time::SystemTime,
};

use timestamp::Timestamp;
use tracing::{
    Event, Level, Metadata, Span, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
    registry::{LookupSpan, Scope, SpanRef},
};

use crate::{
    fields::Fields,
    metrics::{self, Samples},
};

/// Libraries that log at length, and the SDK's lower levels show whole requests: warnings and errors only.
const QUIET: [&str; 8] = ["aws_", "h2", "hyper", "lambda_", "reqwest", "rustls", "tokio", "tower"];
/// The library whose spans carry Lambda's request id and trace id.
const RUNTIME: &str = "lambda_runtime";

/// A subscriber layer that writes each event as one line, with the fields of all its spans beside its own.
///
/// A field of an inner span or of the event takes the place of an outer span's. Metrics of one invocation are gathered
/// in its outermost span and written as one line when that span ends.
pub struct JsonLogs<W> {
    level: LevelFilter,
    base: Fields,
    write: W,
}

impl<W: Fn(&[u8]) + 'static> JsonLogs<W> {
    /// Events up to `level`, each line passed to `write` whole. `function` names the function; `None` when many share a
    /// process and their spans name them.
    pub fn new(level: LevelFilter, function: Option<&str>, write: W) -> Self {
        let mut base = Fields::default();
        if let Some(function) = function {
            base.set("function", function);
        }
        Self { level, base, write }
    }

    fn log<S: for<'a> LookupSpan<'a> + Subscriber>(&self, event: &Event<'_>, context: &Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let metadata = event.metadata();
        let mut line = Fields::default();
        line.set("timestamp", now().to_string());
        line.set("level", metadata.level().as_str());
        if let Some(message) = own.get("message") {
            line.set("message", message.clone());
        }
        line.set("target", metadata.target());
        line.extend(&self.base);
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            extend_from(&mut line, &span);
        }
        line.extend(&own);
        (self.write)(&line.to_line());
    }

    fn measure<S: for<'a> LookupSpan<'a> + Subscriber>(&self, event: &Event<'_>, context: &Context<'_, S>) {
        let Some(sample) = metrics::sample(event) else { return };
        let root = context.event_scope(event).and_then(|scope| scope.from_root().next());
        let Some(root) = root else {
            let mut lone = Samples::default();
            lone.push(sample);
            return self.write_metrics(&self.base, &lone);
        };
        let full = {
            let mut extensions = root.extensions_mut();
            if extensions.get_mut::<Samples>().is_none() {
                extensions.insert(Samples::default());
            }
            extensions.get_mut::<Samples>().and_then(|samples| samples.push(sample))
        };
        if let Some(full) = full {
            self.write_metrics(&self.fields_of(&root), &full);
        }
    }

    fn fields_of<S: for<'a> LookupSpan<'a>>(&self, span: &SpanRef<'_, S>) -> Fields {
        let mut fields = self.base.clone();
        extend_from(&mut fields, span);
        fields
    }

    fn write_metrics(&self, properties: &Fields, samples: &Samples) {
        (self.write)(&samples.to_fields(properties, now()).to_line());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>, W: Fn(&[u8]) + 'static> Layer<S> for JsonLogs<W> {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let target = metadata.target();
        if metadata.is_span() {
            return *metadata.level() <= Level::INFO && (!is_quiet(target) || target.starts_with(RUNTIME));
        }
        if target == metrics::TARGET {
            return true;
        }
        *metadata.level() <= self.level && (!is_quiet(target) || *metadata.level() <= Level::WARN)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Spans and metrics have level INFO and are wanted however quiet the logs are.
        Some(self.level.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() == metrics::TARGET {
            self.measure(event, &context);
        } else {
            self.log(event, &context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let samples = span.extensions_mut().remove::<Samples>();
        if let Some(samples) = samples.filter(|samples| !samples.is_empty()) {
            self.write_metrics(&self.fields_of(&span), &samples);
        }
    }
}

/// Starts logging for a function: to standard output, from `LOG_LEVEL` (`error`, `warn`, `info`, `debug`, `trace`;
/// `info` when absent or something else) and Lambda's `AWS_LAMBDA_FUNCTION_NAME`. The first call counts.
pub fn init() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|text| text.parse().ok()).unwrap_or(LevelFilter::INFO);
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok();
    let logs = JsonLogs::new(level, function.as_deref(), |line: &[u8]| {
        // When logs cannot be written, a complaint cannot either.
        let _ = stdout().write_all(line);
    });
    let _ = tracing::subscriber::set_global_default(Registry::default().with(logs));
}

/// The span of one invocation, for callers that run functions without Lambda's runtime, which opens its own.
pub fn invocation(function: &str, request_id: &str) -> Span {
    tracing::info_span!("invocation", function, request_id)
}

fn extend_from<S: for<'a> LookupSpan<'a>>(fields: &mut Fields, span: &SpanRef<'_, S>) {
    if let Some(own) = span.extensions().get::<Fields>() {
        fields.extend(own);
    }
}

fn is_quiet(target: &str) -> bool {
    QUIET.iter().any(|prefix| target.starts_with(prefix))
}

/// Logs show the machine's time even where a simulation hands in its own.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(0).plus(since_epoch)
}

#[cfg(test)]
mod tests;
