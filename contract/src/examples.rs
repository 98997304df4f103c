//! Examples that are true: the sample events and what the functions answered to them in the tests.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::{Operation, root};

/// What a function answered to one of its samples.
struct Sample {
    name: String,
    request: Option<Value>,
    status: String,
    media_type: String,
    answer: Option<Value>,
}

/// Adds the samples of the operation's function: requests that went well, and all answers.
pub(crate) fn add(operation: &Operation, value: &mut Value) {
    for sample in samples(&operation.id) {
        let Sample { name, request, status, media_type, answer } = sample;
        let is_good = status.starts_with('2');
        let response = value["responses"].get_mut(&status);
        let content = response.and_then(|response| response.get_mut("content")?.get_mut(&media_type));
        if let (Some(answer), Some(content)) = (answer, content) {
            content["examples"][&name] = json!({"value": answer});
        }
        let content = value.pointer_mut("/requestBody/content/application~1json");
        if let (true, Some(request), Some(content)) = (is_good && operation.has_body, request, content) {
            content["examples"][&name] = json!({"value": request});
        }
    }
}

/// Each sample that has an answer among the snapshots, by name.
fn samples(function: &str) -> Vec<Sample> {
    let folder = root().join("events").join(function);
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.sort();
    paths.iter().filter_map(|path| sample(function, path)).collect()
}

fn sample(function: &str, event: &Path) -> Option<Sample> {
    let name = event.file_stem()?.to_str()?.to_owned();
    let snapshots = root().join("tests/tests/all/api/snapshots");
    let snapshot = fs::read_to_string(snapshots.join(format!("all__api__samples__{function}__{name}.snap"))).ok()?;
    let event: Value = serde_json::from_str(&fs::read_to_string(event).ok()?).ok()?;
    let text = snapshot.splitn(3, "---\n").nth(2)?;
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let media_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    let request = (event["isBase64Encoded"] != true).then(|| event["body"].as_str()).flatten();
    Some(Sample {
        name,
        request: request.and_then(|body| serde_json::from_str(body).ok()),
        status: head.lines().next()?.to_owned(),
        media_type: media_type.to_owned(),
        answer: serde_json::from_str(body).ok(),
    })
}
