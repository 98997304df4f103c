//! The filter patterns of Lambda's mappings and SNS's subscriptions, as far as the template uses them: exact values and
//! prefixes. (docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html,
//! docs.aws.amazon.com/sns/latest/dg/string-value-matching.html)

use serde_json::Value;

/// Whether an event has all that a pattern asks for.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| matches(pattern, &event[name])),
        Value::Array(choices) => is_any_of(choices, event),
        _ => false,
    }
}

/// Whether a value is one of a pattern's choices.
pub fn is_any_of(choices: &[Value], value: &Value) -> bool {
    choices.iter().any(|choice| is_choice(choice, value))
}

fn is_choice(choice: &Value, value: &Value) -> bool {
    let prefix = choice["prefix"].as_str();
    prefix.map_or(choice == value, |prefix| value.as_str().is_some_and(|text| text.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_templates_pattern_lets_new_events_through_and_nothing_else() {
        let pattern = json!({"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"event#"}]}}}});
        let record = |name: &str, sk: &str| json!({"eventName": name, "dynamodb": {"Keys": {"sk": {"S": sk}}}});
        assert!(matches(&pattern, &record("INSERT", "event#0000000001#00")));
        assert!(!matches(&pattern, &record("MODIFY", "event#0000000001#00")));
        assert!(!matches(&pattern, &record("INSERT", "order")));
        assert!(!matches(&pattern, &json!({"eventName": "INSERT"})));
    }
}
