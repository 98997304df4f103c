//! What AWS does by itself and MiniStack leaves out: numbers in log lines and depths of queues become metrics. The log
//! lines go into files as well, one for each function.

use std::collections::{BTreeMap, HashSet};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::deploy::STACK;
use super::emf;
use super::services::{ServiceError, Services};

/// How often logs are read.
const LOGS_EVERY: Duration = Duration::from_secs(1);
/// Rounds of log reading between two looks at the queues.
const QUEUES_EVERY: u32 = 5;

/// The forwarder.
pub struct Forwarder {
    services: Services,
    tails: Vec<Tail>,
    logs: PathBuf,
    queues: BTreeMap<String, String>,
}

/// One service's log group, read up to some place.
struct Tail {
    /// The service.
    name: String,
    group: String,
    /// Milliseconds since the epoch of the newest event that was read.
    newest: i64,
    /// Streams whose events of that millisecond were read; MiniStack writes an invocation's events at once, each
    /// invocation into a stream of its own.
    read: HashSet<String>,
}

#[derive(Debug, thiserror::Error)]
enum ForwardError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error("cannot write a log file")]
    Files(#[from] io::Error),
}

impl Forwarder {
    /// For log groups by service, the folder of the files, and queue URLs by queue name.
    pub fn new(
        services: Services,
        groups: BTreeMap<String, String>,
        logs: PathBuf,
        queues: BTreeMap<String, String>,
    ) -> Self {
        let tail = |(name, group)| Tail { name, group, newest: 0, read: HashSet::new() };
        Self { services, tails: groups.into_iter().map(tail).collect(), logs, queues }
    }

    /// Forwards until dropped. A failure is said once until there is another one, and does not end it.
    pub async fn run(mut self) {
        let mut said = String::new();
        for round in 0.. {
            if let Err(error) = self.forward(round).await {
                let error = error.to_string();
                if error != said {
                    tracing::warn!(error, "metrics and logs are not forwarded");
                    said = error;
                }
            }
            tokio::time::sleep(LOGS_EVERY).await;
        }
    }

    async fn forward(&mut self, round: u32) -> Result<(), ForwardError> {
        for tail in &mut self.tails {
            let lines = tail.next(&self.services).await?;
            tail.keep(&lines, &self.logs)?;
            for call in lines.iter().flat_map(|line| emf::metric_data(line)) {
                put(&self.services, &call).await?;
            }
        }
        if round.is_multiple_of(QUEUES_EVERY) {
            self.depths().await?;
        }
        Ok(())
    }

    /// The depths under the names that AWS gives them.
    async fn depths(&self) -> Result<(), ServiceError> {
        for (name, url) in &self.queues {
            let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
            let answer = self.services.call("sqs", "AmazonSQS.GetQueueAttributes", &input).await?;
            put(&self.services, &depth(name, &answer["Attributes"])).await?;
        }
        Ok(())
    }
}

impl Tail {
    /// Lines since the last time.
    async fn next(&mut self, services: &Services) -> Result<Vec<String>, ServiceError> {
        let input = json!({ "logGroupName": self.group, "startTime": self.newest });
        let answer = services.call("logs", "Logs_20140328.FilterLogEvents", &input).await?;
        Ok(self.unread(&answer))
    }

    fn unread(&mut self, answer: &Value) -> Vec<String> {
        let before = std::mem::take(&mut self.read);
        let (boundary, mut lines) = (self.newest, Vec::new());
        for event in answer["events"].as_array().into_iter().flatten() {
            let at = event["timestamp"].as_i64().unwrap_or_default();
            let stream = event["logStreamName"].as_str().unwrap_or_default();
            if at > self.newest {
                self.newest = at;
                self.read.clear();
            }
            self.read.insert(stream.to_owned());
            if at > boundary || !before.contains(stream) {
                lines.extend(event["message"].as_str().filter(|line| !is_platform(line)).map(str::to_owned));
            }
        }
        if self.newest == boundary {
            self.read.extend(before);
        }
        lines
    }

    /// Puts each line into the file of the function that said it; what names none goes into the service's.
    fn keep(&self, lines: &[String], folder: &Path) -> io::Result<()> {
        let mut by_function: BTreeMap<&str, String> = BTreeMap::new();
        let parsed: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap_or_default()).collect();
        for (line, parsed) in lines.iter().zip(&parsed) {
            let function = parsed["function"].as_str().map_or(self.name.as_str(), short);
            let text = by_function.entry(function).or_default();
            text.push_str(line);
            text.push('\n');
        }
        for (function, text) in by_function {
            let file = OpenOptions::new().create(true).append(true).open(folder.join(format!("{function}.log")));
            file?.write_all(text.as_bytes())?;
        }
        Ok(())
    }
}

/// A function's name without that of the stack.
fn short(function: &str) -> &str {
    function.strip_prefix(STACK).and_then(|rest| rest.strip_prefix('-')).unwrap_or(function)
}

/// Whether Lambda wrote the line, not the function.
fn is_platform(line: &str) -> bool {
    ["START RequestId: ", "END RequestId: ", "REPORT RequestId: "].iter().any(|start| line.starts_with(start))
}

fn depth(queue: &str, attributes: &Value) -> Value {
    let names = [
        ("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessages"),
        ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesNotVisible"),
        ("ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesDelayed"),
    ];
    let data = names.map(|(metric, attribute)| {
        let value: f64 = attributes[attribute].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        let dimensions = json!([{ "Name": "QueueName", "Value": queue }]);
        json!({ "MetricName": metric, "Unit": "Count", "Value": value, "Dimensions": dimensions })
    });
    json!({ "Namespace": "AWS/SQS", "MetricData": data })
}

async fn put(services: &Services, call: &Value) -> Result<(), ServiceError> {
    services.call("monitoring", "GraniteServiceVersion20100801.PutMetricData", call).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, stream: &str, message: &str) -> Value {
        json!({ "timestamp": at, "logStreamName": stream, "message": message })
    }

    fn tail() -> Tail {
        Tail { name: "orders".to_owned(), group: "/g".to_owned(), newest: 0, read: HashSet::new() }
    }

    #[test]
    fn each_line_is_read_once_though_the_newest_millisecond_is_asked_for_again() {
        let mut tail = tail();
        let first = json!({ "events": [event(5, "a", "one"), event(7, "b", "two"), event(7, "b", "three")] });
        assert_eq!(tail.unread(&first), ["one", "two", "three"]);
        let second = json!({ "events": [event(7, "b", "two"), event(7, "b", "three"), event(7, "c", "four"), event(9, "d", "five")] });
        assert_eq!(tail.unread(&second), ["four", "five"]);
        assert_eq!(tail.newest, 9);
        assert_eq!(tail.unread(&json!({ "events": [event(9, "d", "five")] })), Vec::<String>::new());
        assert_eq!(tail.unread(&json!({ "events": [event(9, "d", "five"), event(9, "e", "six")] })), ["six"]);
    }

    #[test]
    fn a_services_lines_go_into_the_files_of_its_functions() {
        let folder = std::env::temp_dir().join(format!("cis-forward-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let said = format!(r#"{{"function":"{STACK}-get-order","message":"read"}}"#);
        tail().keep(&[said.clone(), "a panic".to_owned(), said.clone()], &folder).unwrap();
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(text("get-order.log"), format!("{said}\n{said}\n"));
        assert_eq!(text("orders.log"), "a panic\n");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_platforms_lines_are_left_out() {
        let events = json!({ "events": [event(1, "a", "START RequestId: 1"), event(1, "a", "{}"), event(1, "a", "END RequestId: 1")] });
        assert_eq!(tail().unread(&events), ["{}"]);
    }

    #[test]
    fn depths_have_the_names_that_alarms_use() {
        let call = depth("send-email-dlq", &json!({ "ApproximateNumberOfMessages": "3" }));
        assert_eq!(call["MetricData"][0]["MetricName"], "ApproximateNumberOfMessagesVisible");
        assert_eq!(call["MetricData"][0]["Value"], 3.0);
        assert_eq!(call["MetricData"][0]["Dimensions"], json!([{ "Name": "QueueName", "Value": "send-email-dlq" }]));
    }
}
