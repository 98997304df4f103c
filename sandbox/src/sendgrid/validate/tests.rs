//! Each rule, broken and at its edge.

use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn good() -> Value {
    json!({
        "personalizations": [{"to": [{"email": "a@example.com"}]}],
        "from": {"email": "shop@example.com"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "x"}, {"type": "text/html", "value": "<p>x"}],
    })
}

fn fields(body: Value) -> Vec<String> {
    let request: SendRequest = serde_json::from_value(body).unwrap();
    check(&request, &[], NOW).into_iter().map(|error| error.field.unwrap_or_default()).collect()
}

fn with(path: &str, value: Value) -> Value {
    let mut body = good();
    let (parent, key) = path.rsplit_once('/').unwrap();
    let parent = if parent.is_empty() { &mut body } else { body.pointer_mut(parent).unwrap() };
    match key.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[key] = value,
    }
    body
}

#[test]
fn a_good_mail_breaks_no_rule() {
    assert_eq!(fields(good()), Vec::<String>::new());
}

#[test]
fn each_broken_rule_names_its_field() {
    let many_people: Vec<_> = (0..1001).map(|n| json!({"email": format!("p{n}@example.com")})).collect();
    let many: Vec<_> = (0..1001).map(|_| json!({"to": [{"email": "a@example.com"}]})).collect();
    let to = "/personalizations/0/to";
    let html_first = json!([{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]);
    let other_first = json!([{"type": "text/calendar", "value": "x"}, {"type": "text/html", "value": "x"}]);
    let twice = json!([{"type": "text/html", "value": "x"}, {"type": "text/html", "value": "x"}]);
    for (body, field) in [
        (with("/personalizations", json!([])), "personalizations"),
        (with("/personalizations", json!(many)), "personalizations"),
        (with(to, json!(many_people)), "personalizations"),
        (with(to, json!([])), "personalizations.0.to"),
        (with(to, json!([{"email": "nobody"}])), "personalizations.0.to.0.email"),
        (with(to, json!([{"email": "a@b.co"}, {"email": "A@B.co"}])), "personalizations.0"),
        (with("/personalizations/0/cc", json!([{"email": "a@example.com"}])), "personalizations.0"),
        (with("/from", json!(null)), "from"),
        (with("/from/email", json!("shop")), "from.email"),
        (with("/subject", json!("")), "subject"),
        (with("/content", json!([])), "content"),
        (with("/content/0/value", json!("")), "content.0.value"),
        (with("/content", html_first), "content"),
        (with("/content", other_first), "content"),
        (with("/content", twice), "content"),
        (with("/custom_args", json!({"a": "x".repeat(10_000)})), "personalizations.0.custom_args"),
        (with("/send_at", json!(NOW.seconds() + 72 * 3600 + 1)), "send_at"),
        (with("/categories", json!(["a", "a"])), "categories"),
        (with("/headers", json!({"Subject": "x"})), "headers.Subject"),
        (with("/attachments", json!([{"content": "!", "filename": "a"}])), "attachments.0.content"),
    ] {
        let found = fields(body);
        assert!(found.iter().any(|one| one == field), "{field} not in {found:?}");
    }
}

#[test]
fn the_edges_are_allowed() {
    assert!(fields(with("/send_at", json!(NOW.seconds() + 72 * 3600))).is_empty());
    let brackets = r#"{"a":""}"#.len();
    assert!(fields(with("/custom_args", json!({"a": "x".repeat(10_000 - brackets)}))).is_empty());
    let mut by_template = good();
    by_template["template_id"] = json!("d-1");
    by_template.as_object_mut().unwrap().remove("content");
    by_template.as_object_mut().unwrap().remove("subject");
    assert!(fields(by_template).is_empty());
}

#[test]
fn an_unverified_sender_is_forbidden() {
    let request: SendRequest = serde_json::from_value(good()).unwrap();
    assert!(is_forbidden(&check(&request, &["other@example.com".to_owned()], NOW)));
    assert!(check(&request, &["Shop@example.com".to_owned()], NOW).is_empty());
}
