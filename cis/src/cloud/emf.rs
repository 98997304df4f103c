//! CloudWatch's embedded metric format, read: what AWS takes out of log lines by itself and MiniStack does not.
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>)

use serde_json::{Map, Value, json};

/// The calls of `PutMetricData` that a log line stands for; `None` when the line is not a metric.
pub fn metric_data(line: &str) -> Vec<Value> {
    let Ok(Value::Object(line)) = serde_json::from_str::<Value>(line) else { return Vec::new() };
    let directives = line.get("_aws").and_then(|aws| aws["CloudWatchMetrics"].as_array());
    directives.into_iter().flatten().filter_map(|directive| call(&line, directive)).collect()
}

fn call(line: &Map<String, Value>, directive: &Value) -> Option<Value> {
    let namespace = directive["Namespace"].as_str()?;
    let seconds = line["_aws"]["Timestamp"].as_i64()? / 1000;
    let mut data = Vec::new();
    for set in directive["Dimensions"].as_array()? {
        let dimensions = dimensions(line, set)?;
        for metric in directive["Metrics"].as_array()? {
            let name = metric["Name"].as_str()?;
            // A metric that is declared and not given has nothing to say; the others have.
            let Some(values) = line.get(name).and_then(values) else { continue };
            let unit = metric["Unit"].as_str().unwrap_or("None");
            data.push(json!({
                "MetricName": name, "Unit": unit, "Timestamp": seconds, "Dimensions": dimensions,
                "Values": values, "Counts": vec![1; values.len()],
            }));
        }
    }
    (!data.is_empty()).then(|| json!({ "Namespace": namespace, "MetricData": data }))
}

/// A dimension's value is the line's field of its name.
fn dimensions(line: &Map<String, Value>, set: &Value) -> Option<Vec<Value>> {
    let names = set.as_array()?.iter().map(Value::as_str);
    names.map(|name| Some(json!({ "Name": name?, "Value": line.get(name?)?.as_str()? }))).collect()
}

fn values(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::Array(items) => items.iter().map(Value::as_f64).collect(),
        one => Some(vec![one.as_f64()?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_line_becomes_a_call_with_its_values_and_dimensions() {
        let line = r#"{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["service","function"]],
            "Metrics":[{"Name":"sent","Unit":"Count"},{"Name":"took","Unit":"Milliseconds"},{"Name":"absent"}]}]},
            "service":"orders","function":"send-email","sent":2,"took":[1.5,3]}"#;
        let dimensions = json!([{"Name":"service","Value":"orders"},{"Name":"function","Value":"send-email"}]);
        let expected = json!({"Namespace":"Shop","MetricData":[
            {"MetricName":"sent","Unit":"Count","Timestamp":1_700_000_000,"Dimensions":dimensions,"Values":[2.0],"Counts":[1]},
            {"MetricName":"took","Unit":"Milliseconds","Timestamp":1_700_000_000,"Dimensions":dimensions,"Values":[1.5,3.0],"Counts":[1,1]},
        ]});
        assert_eq!(metric_data(line), [expected]);
    }

    #[test]
    fn other_lines_are_no_metrics() {
        for line in
            ["START RequestId: 1", r#"{"level":"INFO","message":"placed"}"#, "[]", r#"{"_aws":{"Timestamp":1}}"#]
        {
            assert_eq!(metric_data(line), Vec::<Value>::new(), "{line}");
        }
    }

    #[test]
    fn a_line_that_lacks_its_dimension_is_left_out() {
        let line = r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["gone"]],"Metrics":[{"Name":"n"}]}]},"n":1}"#;
        assert_eq!(metric_data(line), Vec::<Value>::new());
    }
}
