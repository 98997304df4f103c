//! What a sandbox went through, line by line in a file, so that it can be brought back.
//!
//! Every random choice follows from the seed and every moment is handed in, so the same calls in the same order make
//! the same objects again: the file holds the calls, not the objects.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::Timestamp;
use http::{HeaderName, HeaderValue, Method, Request};
use serde::{Deserialize, Serialize};

use crate::{Sandbox, Settings, deliveries::DeliveryId, provider::Provider};

/// Appends to the file.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    at: Timestamp,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum Entry {
    Request { method: String, uri: String, headers: Vec<(String, String)>, body: String },
    Due,
    Delivered { id: DeliveryId, status: Option<u16> },
}

impl Journal {
    /// Records a request, unless it only reads.
    pub(crate) fn request(&mut self, at: Timestamp, request: &Request<Bytes>) {
        let looks = Provider::of_path(request.uri().path()).is_none() && request.method() == Method::GET;
        if looks || request.method() == Method::OPTIONS {
            return;
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let (method, uri) = (request.method().to_string(), request.uri().to_string());
        self.write(at, Entry::Request { method, uri, headers, body: STANDARD.encode(request.body()) });
    }

    /// Records that webhooks were taken out of the queue.
    pub(crate) fn due(&mut self, at: Timestamp) {
        self.write(at, Entry::Due);
    }

    /// Records the outcome of a webhook.
    pub(crate) fn delivered(&mut self, at: Timestamp, id: DeliveryId, status: Option<u16>) {
        self.write(at, Entry::Delivered { id, status });
    }

    fn write(&mut self, at: Timestamp, entry: Entry) {
        let written = serde_json::to_vec(&Line { at, entry }).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        if let Err(error) = written {
            tracing::error!(%error, "the journal cannot be written: a restart will not know what comes now");
        }
    }
}

/// Restores a sandbox from the file, or creates a new one, and records there from now on. The settings must be those of
/// its first start, except for the URLs of webhooks.
///
/// Webhooks that were under way when the last process ended are tried again. A last line that was cut off is left out.
///
/// # Errors
///
/// The file cannot be read or written.
pub fn open(path: &Path, settings: Settings, now: Timestamp) -> io::Result<Sandbox> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut sandbox = Sandbox::new(settings);
    let mut whole = true;
    for line in BufReader::new(&file).split(b'\n') {
        let line = line?;
        match serde_json::from_slice::<Line>(&line) {
            Ok(line) => again(&mut sandbox, line),
            Err(error) => {
                tracing::warn!(%error, "a line of the sandbox's journal is left out");
                whole = false;
            }
        }
    }
    if !whole {
        // What follows must not be glued to half a line.
        file.write_all(b"\n")?;
    }
    sandbox.deliveries.try_again(now);
    sandbox.journal = Some(Journal { file });
    Ok(sandbox)
}

fn again(sandbox: &mut Sandbox, line: Line) {
    match line.entry {
        Entry::Request { method, uri, headers, body } => {
            if let Some(request) = request(&method, &uri, headers, &body) {
                sandbox.handle(line.at, &request);
            }
        }
        Entry::Due => drop(sandbox.due(line.at)),
        Entry::Delivered { id, status } => sandbox.delivered(line.at, id, status),
    }
}

fn request(method: &str, uri: &str, headers: Vec<(String, String)>, body: &str) -> Option<Request<Bytes>> {
    let body = Bytes::from(STANDARD.decode(body).ok()?);
    let mut request = Request::builder().method(method).uri(uri).body(body).ok()?;
    for (name, value) in headers {
        request.headers_mut().append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::Endpoint;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000 + seconds)
    }

    fn settings() -> Settings {
        let mut settings = Settings { seed: 7, ..Settings::default() };
        settings.stripe.endpoints.push(Endpoint::new("http://127.0.0.1/hook"));
        settings
    }

    fn create_intent(sandbox: &mut Sandbox, seconds: i64) -> String {
        let request = Request::post("/v1/payment_intents")
            .header("authorization", "Bearer sk_test_sandbox")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"amount=500&currency=eur"));
        match sandbox.handle(at(seconds), &request.unwrap()) {
            crate::Outcome::Answer { response, .. } if response.status() == 200 => {
                let intent: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
                intent["id"].as_str().unwrap().to_owned()
            }
            other => panic!("{other:?}"),
        }
    }

    fn state(sandbox: &mut Sandbox) -> String {
        let request = Request::get("/_sandbox/stripe/state").body(Bytes::new()).unwrap();
        match sandbox.handle(at(100), &request) {
            crate::Outcome::Answer { response, .. } => String::from_utf8(response.body().to_vec()).unwrap(),
            lost @ crate::Outcome::NoAnswer { .. } => panic!("{lost:?}"),
        }
    }

    #[test]
    fn a_sandbox_comes_back_as_it_was_even_when_it_was_killed() {
        let folder = std::env::temp_dir().join(format!("sandbox-journal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("journal");
        let mut first = open(&path, settings(), at(0)).unwrap();
        let taken = create_intent(&mut first, 1);
        let delivery = first.due(at(2)).remove(0);
        first.delivered(at(2), delivery.id, Some(200));
        let under_way = create_intent(&mut first, 3);
        assert_eq!(first.due(at(4)).len(), 1, "never reported: the process dies");
        let before = state(&mut first);
        drop(first);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"at\":\"20").unwrap();

        let mut second = open(&path, settings(), at(50)).unwrap();
        assert_eq!(state(&mut second), before);
        assert!(before.contains(&taken) && before.contains(&under_way));
        let again = second.due(at(200));
        assert_eq!(again.len(), 1, "only what was not taken");
        assert!(String::from_utf8_lossy(&again[0].body).contains(&under_way));

        let later = create_intent(&mut second, 201);
        drop(second);
        let mut third = open(&path, settings(), at(300)).unwrap();
        assert!(state(&mut third).contains(&later), "the line after the broken one is whole");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
