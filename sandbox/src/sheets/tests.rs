//! The stand-in as a client meets it.
#![allow(clippy::needless_pass_by_value)] // `json!` at every call reads better owned.

mod control;
mod formulas;
mod tabs;
mod values;

use serde_json::{Value as Json, json};

use super::account::tests::assertion;
use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// A client with a token, for whom the quotas are out of the way unless a test is about them.
struct Client {
    sheets: Sheets,
    token: String,
}

impl Client {
    fn new() -> Self {
        let mut settings = Settings::default();
        settings.spreadsheets[0].id = "book".to_owned();
        settings.quotas = Quotas {
            reads_per_user: 10_000,
            writes_per_user: 10_000,
            reads_per_project: 10_000,
            writes_per_project: 10_000,
            ..Quotas::default()
        };
        let mut sheets = Sheets::new(1, &settings);
        let claims = json!({
            "iss": "orders@sandbox.iam.gserviceaccount.com", "aud": "https://oauth2.googleapis.com/token",
            "scope": "https://www.googleapis.com/auth/spreadsheets", "iat": NOW.seconds(), "exp": NOW.seconds() + 3600,
        });
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &assertion(&claims)),
            ])
            .finish();
        let answer = sheets.handle(NOW, &Request::post("/token").body(form.into()).unwrap());
        let answer: Json = serde_json::from_slice(answer.body()).unwrap();
        Self { sheets, token: answer["access_token"].as_str().unwrap().to_owned() }
    }

    fn send(&mut self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder()
            .method(method)
            .uri(format!("/v4/spreadsheets/{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .body(body)
            .unwrap();
        let response = self.sheets.handle(NOW, &request);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    fn write(&mut self, range: &str, values: Json, option: &str) -> (u16, Json) {
        self.send("PUT", &format!("book/values/{range}?valueInputOption={option}"), &json!({ "values": values }))
    }

    fn type_in(&mut self, range: &str, values: Json) {
        let (status, answer) = self.write(range, values, "USER_ENTERED");
        assert_eq!(status, 200, "{answer}");
    }

    fn read(&mut self, range: &str) -> Json {
        self.read_as(range, "FORMATTED_VALUE")
    }

    fn read_as(&mut self, range: &str, option: &str) -> Json {
        let (status, answer) =
            self.send("GET", &format!("book/values/{range}?valueRenderOption={option}"), &Json::Null);
        assert_eq!(status, 200, "{answer}");
        answer.get("values").cloned().unwrap_or_default()
    }

    fn append(&mut self, range: &str, values: Json, more: &str) -> Json {
        let path = format!("book/values/{range}:append?valueInputOption=RAW{more}");
        let (status, answer) = self.send("POST", &path, &json!({ "values": values }));
        assert_eq!(status, 200, "{answer}");
        answer
    }

    fn change(&mut self, requests: Json) -> (u16, Json) {
        self.send("POST", "book:batchUpdate", &json!({ "requests": requests }))
    }

    fn control(&mut self, method: &str, path: &str, body: &Json) -> (u16, Json) {
        let request = Request::builder().method(method).uri(path).body(body.to_string().into()).unwrap();
        let response = self.sheets.control(NOW, &request, &[]);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }
}

fn message(answer: &(u16, Json)) -> (u16, &str) {
    (answer.0, answer.1["error"]["message"].as_str().unwrap_or_default())
}
