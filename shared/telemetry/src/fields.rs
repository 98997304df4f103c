//! Named values of a span, an event or a log line.

use std::{borrow::Cow, error::Error, fmt};

use serde_json::Value;
use tracing::field::{Field, Visit};

use crate::chain;

/// Names and values in the order of their first appearance; a later value takes an earlier one's place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(Cow<'static, str>, Value)>);

impl Fields {
    pub(crate) fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            self.set(name.clone(), value.clone());
        }
    }

    /// One JSON object on one line, line break included.
    pub(crate) fn to_line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(512);
        let mut serializer = serde_json::Serializer::new(&mut line);
        let pairs = self.0.iter().map(|(name, value)| (name, value));
        if serde::Serializer::collect_map(&mut serializer, pairs).is_err() {
            // Values and text keys always have a JSON form; if not, no line is better than half a line.
            line.clear();
        }
        line.push(b'\n');
        line
    }
}

/// Lambda's runtime names its span's fields in its own way; in our logs they are called like all others.
fn name_of(field: &Field) -> &'static str {
    match field.name() {
        "requestId" => "request_id",
        "xrayTraceId" => "trace_id",
        name => name,
    }
}

/// `1-5e6722a7-cc56xmpl46db7ae02d4da47e` of `Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e;Parent=…;Sampled=1`: what X-Ray
/// finds a trace by.
fn trace_root(header: &str) -> &str {
    header.split(';').find_map(|part| part.trim().strip_prefix("Root=")).unwrap_or(header)
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match name_of(field) {
            name @ "trace_id" => self.set(name, trace_root(value)),
            name => self.set(name, value),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.set(name_of(field), chain(value).to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(name_of(field), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(name_of(field), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(name_of(field), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(name_of(field), value);
    }
}
