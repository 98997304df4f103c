//! The stand-in as a caller meets it: requests in, answers, mails and webhooks out.

use serde_json::{Value, json};

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn sendgrid(behaviour: Behaviour) -> SendGrid {
    let webhook_url = Some("http://127.0.0.1/hook".to_owned());
    SendGrid::new(1, &Settings { behaviour: Behaviour { webhook_url, ..behaviour }, ..Settings::default() })
}

fn mail_to(recipient: &str) -> Value {
    json!({
        "personalizations": [{"to": [{"email": recipient}], "custom_args": {"effect_id": "e-1"}}],
        "from": {"email": "shop@example.com", "name": "Shop"},
        "subject": "Your order",
        "content": [{"type": "text/plain", "value": "Paid"}, {"type": "text/html", "value": "<p>\"Paid\"</p>"}],
        "custom_args": {"order_id": "ord_1", "event": "never"},
    })
}

fn post(body: &Value) -> Request<Bytes> {
    Request::post("/v3/mail/send")
        .header("authorization", "Bearer SG.sandbox.key")
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap()
}

fn control(sendgrid: &mut SendGrid, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).body(body.to_string().into()).unwrap();
    let response = sendgrid.control(START, &request, &[]);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

fn after(millis: u64) -> Timestamp {
    START.plus(std::time::Duration::from_millis(millis))
}

/// Runs the schedule to its end and gives the events of each post.
fn posts(sendgrid: &mut SendGrid) -> Vec<Vec<Value>> {
    let mut posts = Vec::new();
    while let Some(due) = sendgrid.next_tick() {
        sendgrid.tick(due);
        for webhook in sendgrid.take_webhooks() {
            posts.push(serde_json::from_slice(&webhook.body).unwrap());
        }
    }
    posts
}

fn kinds(posts: &[Vec<Value>]) -> Vec<&str> {
    posts.iter().flatten().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn an_accepted_mail_has_an_empty_answer_and_lies_in_the_mailbox() {
    let mut sendgrid = sendgrid(Behaviour::default());
    let response = sendgrid.handle(START, &post(&mail_to("ann@example.com")));
    assert_eq!((response.status().as_u16(), response.body().len()), (202, 0));
    let id = response.headers()["x-message-id"].to_str().unwrap().to_owned();
    assert_eq!(id.len(), 22);
    assert_eq!(response.headers()["x-ratelimit-remaining"], "599");

    let (_, found) =
        control(&mut sendgrid, "GET", "/_sandbox/mail?recipient=Ann@example.com&effect_id=e-1", &json!({}));
    assert_eq!((found["count"].as_u64(), found["mails"][0]["id"].as_str()), (Some(1), Some(id.as_str())));
    assert_eq!(found["mails"][0]["custom_args"]["order_id"], "ord_1");
    for miss in ["recipient=bob@example.com", "effect_id=e-2", "subject=refund"] {
        let (_, found) = control(&mut sendgrid, "GET", &format!("/_sandbox/mail?{miss}"), &json!({}));
        assert_eq!(found["count"], 0, "{miss}");
    }
    assert_eq!(control(&mut sendgrid, "GET", &format!("/_sandbox/mail/{id}"), &json!({})).0, 200);
    assert_eq!(control(&mut sendgrid, "GET", "/_sandbox/mail/other", &json!({})).0, 404);
}

#[test]
fn a_wrong_key_and_a_wrong_content_type_are_refused() {
    let mut sendgrid = sendgrid(Behaviour::default());
    for (name, value, status) in [
        ("authorization", "Bearer SG.other", 401),
        ("authorization", "Basic abc", 401),
        ("content-type", "text/plain", 415),
    ] {
        let mut request = post(&mail_to("ann@example.com"));
        request.headers_mut().insert(name, value.parse().unwrap());
        let response = sendgrid.handle(START, &request);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(response.status(), status, "{value}");
        assert!(body["errors"][0]["message"].is_string() && body["errors"][0]["field"].is_null());
    }
    assert!(sendgrid.mails().is_empty());
}

#[test]
fn broken_json_and_broken_rules_are_400_and_over_30_mb_is_413() {
    let mut sendgrid = sendgrid(Behaviour::default());
    let mut request = post(&json!(null));
    for (body, status) in [
        (Bytes::from_static(b"{"), 400),
        (Bytes::from_static(b"[]"), 400),
        (Bytes::from_static(b"{}"), 400),
        (Bytes::from(vec![b' '; 30 * 1024 * 1024 + 1]), 413),
    ] {
        *request.body_mut() = body;
        assert_eq!(sendgrid.handle(START, &request).status(), status);
    }
}

#[test]
fn sandbox_mode_validates_and_sends_nothing() {
    let mut sendgrid = sendgrid(Behaviour::default());
    let mut mail = mail_to("ann@example.com");
    mail["mail_settings"] = json!({"sandbox_mode": {"enable": true}});
    assert_eq!(sendgrid.handle(START, &post(&mail)).status(), 200);
    assert!(sendgrid.mails().is_empty() && sendgrid.next_tick().is_none());
}

#[test]
fn the_rate_limit_answers_429_until_its_window_ends() {
    let mut sendgrid = sendgrid(Behaviour { rate_limit: 1, ..Behaviour::default() });
    let mail = post(&mail_to("ann@example.com"));
    assert_eq!(sendgrid.handle(START, &mail).status(), 202);
    let refused = sendgrid.handle(START, &mail);
    assert_eq!((refused.status().as_u16(), &refused.headers()["x-ratelimit-remaining"]), (429, &"0".parse().unwrap()));
    let reset: i64 = refused.headers()["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert_eq!(sendgrid.handle(Timestamp::from_seconds(reset), &mail).status(), 202);
    assert_eq!(sendgrid.mails().len(), 2);
}

#[test]
fn the_recipient_chooses_the_events() {
    for (recipient, expected) in [
        ("ann@example.com", &["processed", "delivered"][..]),
        ("bounce@example.com", &["processed", "bounce"]),
        ("dropped@example.com", &["dropped"]),
        ("spam@example.com", &["processed", "delivered", "spamreport"]),
        ("click+2@example.com", &["processed", "delivered", "open", "click"]),
        ("deferred@example.com", &["processed", "deferred", "delivered"]),
        ("silent@example.com", &[]),
    ] {
        let mut sendgrid = sendgrid(Behaviour::default());
        sendgrid.handle(START, &post(&mail_to(recipient)));
        assert_eq!(kinds(&posts(&mut sendgrid)), expected, "{recipient}");
    }
}

#[test]
fn a_name_that_is_taken_for_a_list_of_addresses_is_dropped_after_the_202() {
    for (name, expected) in [
        ("Byron, Ada", ["dropped"].as_slice()),
        ("Ada; Countess", &["dropped"]),
        ("\"Byron\", \"Ada\"", &["dropped"]),
        ("\"Byron, Ada\"", &["processed", "delivered"]),
        ("Ada Byron", &["processed", "delivered"]),
    ] {
        let mut sendgrid = sendgrid(Behaviour::default());
        let mut mail = mail_to("ada@example.com");
        mail["personalizations"][0]["to"][0]["name"] = name.into();
        assert_eq!(sendgrid.handle(START, &post(&mail)).status(), 202);
        let posts = posts(&mut sendgrid);
        assert_eq!(kinds(&posts), expected, "{name}");
        let reason = posts[0][0]["reason"].as_str();
        assert_eq!(reason, (expected == ["dropped"]).then_some("Invalid"), "{name}");
    }
}

#[test]
fn events_carry_custom_args_flat_and_their_own_fields_win() {
    let mut sendgrid = sendgrid(Behaviour::default());
    let response = sendgrid.handle(START, &post(&mail_to("ann@example.com")));
    let id = response.headers()["x-message-id"].to_str().unwrap();
    let posts = posts(&mut sendgrid);
    let event = &posts[0][0];
    assert_eq!((&event["effect_id"], &event["order_id"]), (&json!("e-1"), &json!("ord_1")));
    assert_eq!(event["event"], "processed");
    assert!(event["sg_message_id"].as_str().unwrap().starts_with(&format!("{id}.recvd-")));
    assert_eq!((&event["email"], &event["timestamp"]), (&json!("ann@example.com"), &json!(START.seconds())));
    assert_ne!(posts[0][0]["sg_event_id"], posts[1][0]["sg_event_id"]);
}

#[test]
fn events_come_when_they_are_due_and_after_send_at() {
    let behaviour = Behaviour { processed_after_ms: 100, delivered_after_ms: 400, ..Behaviour::default() };
    let mut sendgrid = sendgrid(behaviour);
    let mut mail = mail_to("ann@example.com");
    mail["send_at"] = json!(START.seconds() + 60);
    sendgrid.handle(START, &post(&mail));
    assert_eq!(sendgrid.next_tick(), Some(after(60_100)));
    sendgrid.tick(after(60_099));
    assert!(sendgrid.take_webhooks().is_empty());
    sendgrid.tick(after(60_500));
    let webhooks = sendgrid.take_webhooks();
    assert_eq!(webhooks.len(), 1, "both are due by now and share a post");
    let body = String::from_utf8(webhooks[0].body.to_vec()).unwrap();
    assert!(body.starts_with("[{") && body.contains("},\r\n{") && body.ends_with("}]\r\n"), "{body}");
}

#[test]
fn a_post_is_signed_at_the_time_of_its_try() {
    let mut sendgrid = sendgrid(Behaviour::default());
    sendgrid.handle(START, &post(&mail_to("ann@example.com")));
    sendgrid.tick(after(1000));
    let webhook = sendgrid.take_webhooks().remove(0);
    let headers = sendgrid.sign(after(5000), &webhook);
    assert_eq!(headers[TIMESTAMP], (START.seconds() + 5).to_string());
    assert!(headers[SIGNATURE].len() > 90);
}

#[test]
fn copies_carry_another_event_id() {
    let mut sendgrid = sendgrid(Behaviour { duplicate_percent: 100, ..Behaviour::default() });
    sendgrid.handle(START, &post(&mail_to("dropped@example.com")));
    let posts = posts(&mut sendgrid);
    let events: Vec<_> = posts.iter().flatten().collect();
    assert_eq!(events.len(), 2);
    assert_ne!(events[0]["sg_event_id"], events[1]["sg_event_id"]);
    assert_eq!((&events[0]["timestamp"], &events[0]["effect_id"]), (&events[1]["timestamp"], &events[1]["effect_id"]));
}

#[test]
fn events_can_be_made_by_hand_and_settings_changed() {
    let mut sendgrid = sendgrid(Behaviour::default());
    sendgrid.handle(START, &post(&mail_to("silent@example.com")));
    let id = sendgrid.mails()[0].id.clone();
    let path = format!("/_sandbox/mail/{id}/events");
    assert_eq!(control(&mut sendgrid, "POST", &path, &json!({"event": "open", "after_ms": 5})).0, 201);
    assert_eq!(control(&mut sendgrid, "POST", &path, &json!({"event": "sneeze"})).0, 400);
    assert_eq!(kinds(&posts(&mut sendgrid)), ["open"]);

    let settings = "/_sandbox/sendgrid/settings";
    let (status, changed) = control(&mut sendgrid, "PATCH", settings, &json!({"rate_limit": 3}));
    assert_eq!((status, &changed["rate_limit"], &changed["batch_size"]), (200, &json!(3), &json!(100)));
    assert_eq!(control(&mut sendgrid, "PATCH", settings, &json!({"speed": 3})).0, 400);
}

#[test]
fn each_personalization_is_a_mail_of_its_own() {
    let mut sendgrid = sendgrid(Behaviour::default());
    let mut mail = mail_to("ann@example.com");
    mail["subject"] = json!("Hello -name-");
    mail["personalizations"] = json!([
        {"to": [{"email": "ann@example.com"}], "substitutions": {"-name-": "Ann"}},
        {"to": [{"email": "bob@example.com"}], "subject": "Own"},
    ]);
    assert_eq!(sendgrid.handle(START, &post(&mail)).status(), 202);
    let subjects: Vec<_> = sendgrid.mails().iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["Hello Ann", "Own"]);
    assert_eq!(sendgrid.mails()[0].message_id, sendgrid.mails()[1].message_id);
    assert_ne!(sendgrid.mails()[0].id, sendgrid.mails()[1].id);
}

#[test]
fn the_page_shows_a_mail_without_letting_it_out_of_its_frame() {
    let mut sendgrid = sendgrid(Behaviour::default());
    let mut mail = mail_to("ann@example.com");
    mail["subject"] = json!("<script>alert(1)</script>");
    mail["content"][1]["value"] = json!("<p title=\"x\">Hi</p><script>alert(2)</script>");
    sendgrid.handle(START, &post(&mail));
    let request = Request::get("/_sandbox/mailbox").body(Bytes::new()).unwrap();
    let page = sendgrid.control(START, &request, &[]);
    let page = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(page.contains("sandbox=\"\"") && page.contains("srcdoc=\"&#60;p title=&#34;x&#34;&#62;Hi"), "{page}");
    assert!(!page.contains("<script>") && page.contains("ann@example.com") && page.contains("Paid"));
}

#[test]
fn a_snapshot_brings_mails_and_waiting_events_back() {
    let mut before = sendgrid(Behaviour::default());
    before.handle(START, &post(&mail_to("ann@example.com")));
    before.tick(after(100));
    assert_eq!(before.take_webhooks().len(), 1);
    let snapshot = before.snapshot().unwrap();
    let mut restarted = sendgrid(Behaviour::default());
    restarted.restore(serde_json::from_str(&snapshot.to_string()).unwrap()).unwrap();
    assert_eq!(restarted.snapshot().unwrap(), snapshot);
    assert_eq!(kinds(&posts(&mut restarted)), ["delivered"]);
    assert!(restarted.restore(json!({"mails": 1})).is_err() && restarted.mails().len() == 1);
}
