//! `cargo cis env`: the functions' environment variables for the stack that is up, to run one function by hand.

use std::io;

use crate::accounts::{ALERT_EMAIL, MAIL_FROM, ORIGINS, SPREADSHEET, WEB_APP};
use crate::stack::{Kind, LOCAL_KEYS, Stack};

/// Why there are no variables to print.
#[derive(Debug, thiserror::Error)]
pub enum EnvError {
    /// No stack to run against.
    #[error("no stack is up; `cargo cis up` starts one")]
    NoStack,
    /// The stack's file.
    #[error("cannot read the stack's file")]
    File(#[from] io::Error),
}

/// `NAME=value` lines, as `cargo lambda watch --env-file` takes them, and `export $(cargo cis env)`: no value has a space.
///
/// # Errors
///
/// No stack is up.
pub fn env() -> Result<String, EnvError> {
    let stack = Stack::load()?.ok_or(EnvError::NoStack)?;
    let lines: Vec<String> = variables(&stack).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(lines.join("\n"))
}

/// What template.yaml gives the functions, with this stack's values, and what Lambda itself would set. The embedded
/// stack has no topic, queues and secrets to call, so functions that need one of them say that its variable is missing.
/// `QUEUE_URL` is another one for each consumer, and events that are handed in by hand come from no queue.
fn variables(stack: &Stack) -> Vec<(&str, &str)> {
    let sandbox = stack.sandbox_url.as_str();
    let mut variables = vec![
        ("AWS_ENDPOINT_URL", stack.endpoint_url.as_str()),
        ("AWS_REGION", &stack.region),
        ("AWS_ACCESS_KEY_ID", LOCAL_KEYS),
        ("AWS_SECRET_ACCESS_KEY", LOCAL_KEYS),
        ("STAGE", "dev"),
        ("LOG_LEVEL", "info"),
        ("SECRET_FRESH_SECONDS", "1"),
        ("RATE_LIMIT_SCALE", "1"),
        ("ORDERS_TABLE", &stack.tables.orders),
        ("CATALOGUE_TABLE", &stack.tables.catalogue),
        ("EFFECTS_TABLE", &stack.tables.effects),
        ("IDENTITY_TABLE", &stack.tables.identity),
        ("GUARDS_TABLE", &stack.tables.guards),
        ("STRIPE_API_URL", sandbox),
        ("SENDGRID_API_URL", sandbox),
        ("SHEETS_API_URL", sandbox),
        ("RESERVATION_SECONDS", "3600"),
        ("MAX_UNPAID_ORDERS", "10"),
        ("MAX_UNPAID_PIECES", "100"),
        ("INVOICE_DUE_DAYS", "30"),
        ("MAIL_FROM", MAIL_FROM),
        ("ALERT_EMAIL", ALERT_EMAIL),
        ("MAIL_EVIDENCE_WAIT_SECONDS", "5"),
        ("RECONCILE_WINDOW_DAYS", "7"),
        ("ALLOWED_ORIGINS", ORIGINS),
        ("PUBLIC_URL", WEB_APP),
        ("API_PUBLIC_URL", api_public_url(stack)),
        ("SPREADSHEET_ID", SPREADSHEET),
        ("SHEET_TAB", "Orders"),
    ];
    if let Some(topic) = &stack.topic_arn {
        variables.push(("ORDER_EVENTS_TOPIC_ARN", topic));
        variables.extend(stack.queues.get("order-stream").map(|queue| ("STREAM_DLQ_URL", &*queue.dead_letters_url)));
    }
    variables.extend(stack.secrets.iter().map(|(name, id)| (name.as_str(), id.as_str())));
    variables
}

/// The URL at which browsers reach the API: the cloud stack's own has a path, which browsers cannot use.
fn api_public_url(stack: &Stack) -> &str {
    match stack.kind {
        Kind::Embedded => &stack.api_url,
        Kind::Cloud => WEB_APP,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::paths;
    use crate::stack::{Queue, SECRETS, Tables};

    fn cloud() -> Stack {
        let dead_letters = Queue {
            url: None,
            dead_letters_url: "http://127.0.0.1:1/0/order-stream-dlq".to_owned(),
            undelivered_url: None,
        };
        Stack {
            kind: Kind::Cloud,
            pid: 1,
            groups: Vec::new(),
            api_url: "http://127.0.0.1:1".to_owned(),
            sandbox_url: "http://127.0.0.1:2".to_owned(),
            endpoint_url: "http://127.0.0.1:1".to_owned(),
            region: "eu-central-1".to_owned(),
            tables: Tables {
                orders: "o-1".to_owned(),
                catalogue: "c-1".to_owned(),
                effects: "e-1".to_owned(),
                identity: "i-1".to_owned(),
                guards: "g-1".to_owned(),
            },
            queues: BTreeMap::from([("order-stream".to_owned(), dead_letters)]),
            topic_arn: Some("arn:aws:sns:eu-central-1:0:order-events".to_owned()),
            secrets: SECRETS.iter().map(|(_, name, _)| ((*name).to_owned(), "arn".to_owned())).collect(),
            rate_limit_scale: 1,
            logs: "logs".into(),
        }
    }

    /// The names under the functions' `Environment`: the template writes nothing else as `UPPER_CASE: !Ref …`.
    fn names_of_the_template() -> Vec<String> {
        let text = std::fs::read_to_string(paths::root().join("template.yaml")).unwrap();
        let is_name = |name: &str| name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
        let names = text.lines().filter_map(|line| line.trim().split_once(": !Ref ")).map(|(name, _)| name.to_owned());
        names.filter(|name| is_name(name)).collect()
    }

    #[test]
    fn on_the_cloud_stack_every_variable_of_the_template_has_a_value() {
        let stack = cloud();
        let variables: BTreeMap<&str, &str> = variables(&stack).into_iter().collect();
        let names = names_of_the_template();
        assert!(names.len() > 30, "{names:?}");
        for name in names.into_iter().filter(|name| name != "QUEUE_URL") {
            assert!(variables.get(&*name).is_some_and(|value| !value.is_empty() && !value.contains(' ')), "{name}");
        }
        assert_eq!(variables["CATALOGUE_TABLE"], "c-1");
        assert_eq!(variables["STREAM_DLQ_URL"], "http://127.0.0.1:1/0/order-stream-dlq");
    }

    #[test]
    fn the_embedded_stack_has_nothing_to_say_of_topic_queue_and_secrets() {
        let stack = Stack { kind: Kind::Embedded, topic_arn: None, secrets: BTreeMap::new(), ..cloud() };
        let names: Vec<&str> = variables(&stack).into_iter().map(|(name, _)| name).collect();
        let absent =
            |name: &&str| name.ends_with("_SECRET_ID") || ["ORDER_EVENTS_TOPIC_ARN", "STREAM_DLQ_URL"].contains(name);
        assert!(names.contains(&"ORDERS_TABLE"));
        assert!(!names.iter().any(absent), "{names:?}");
    }
}
