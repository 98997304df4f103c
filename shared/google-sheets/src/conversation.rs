//! What the tests of this crate say to a scripted Google.

use bytes::Bytes;
use domain::Timestamp;
use http::Request;
use resilience::{Deadline, SeededIds, VirtualClock};
use serde_json::json;
use testkit::{ScriptedTransport, Turn};

use crate::{ServiceAccount, Sheets};

/// Google's error, as it writes it.
pub(crate) fn failure(status: u16, message: &str) -> Turn {
    Turn::json(status, &json!({"error": {"code": status, "message": message, "status": "X"}}))
}

/// The token endpoint's answer.
pub(crate) fn token(value: &str) -> Turn {
    Turn::json(200, &json!({"access_token": value, "expires_in": 3599, "token_type": "Bearer"}))
}

pub(crate) type ScriptedSheets<'a> = Sheets<&'a ScriptedTransport, VirtualClock, SeededIds>;

/// Runs a conversation with a scripted Google on a clock that starts at 1 790 000 000; deadlines are two hours off.
pub(crate) fn converse<R>(
    script: &ScriptedTransport,
    conversation: impl AsyncFnOnce(&ScriptedSheets<'_>, &VirtualClock, Deadline) -> R,
) -> R {
    let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
    let deadline = Deadline::at(Timestamp::from_seconds(1_790_007_200));
    let account = ServiceAccount::from_json(include_str!("../testdata/service_account.json")).unwrap();
    let ids = SeededIds::new(7);
    let sheets = Sheets::new(script, clock.clone(), ids, "https://google.test/", account, "sheet-1", "Bob's orders");
    clock.run(conversation(&sheets, &clock, deadline))
}

/// `METHOD /path?query token` of each request.
pub(crate) fn lines(script: &ScriptedTransport) -> Vec<String> {
    let sent = |request: &Request<Bytes>| {
        request.headers().get("authorization").map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    script.lines(|request| sent(request).trim_start_matches("Bearer ").to_owned())
}
