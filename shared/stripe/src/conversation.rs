//! What the tests of this crate say to a scripted Stripe.

use bytes::Bytes;
use domain::Timestamp;
use http::Request;
use resilience::{Deadline, SeededIds, VirtualClock};
use testkit::ScriptedTransport;

use crate::Stripe;

/// Runs a conversation with a scripted Stripe on a clock that starts at 1 790 000 000 and has a minute's time.
pub(crate) fn converse<R>(
    script: &ScriptedTransport,
    conversation: impl AsyncFnOnce(&Stripe<&ScriptedTransport, VirtualClock, SeededIds>, Deadline) -> R,
) -> R {
    let clock = VirtualClock::at(Timestamp::from_seconds(1_790_000_000));
    let deadline = Deadline::at(Timestamp::from_seconds(1_790_000_060));
    let stripe = Stripe::new(script, clock.clone(), SeededIds::new(7), "https://stripe.test/", "sk_test_1");
    clock.run(conversation(&stripe, deadline))
}

/// `METHOD /path?query form` of each request.
pub(crate) fn lines(script: &ScriptedTransport) -> Vec<String> {
    let form = |request: &Request<Bytes>| String::from_utf8_lossy(request.body()).into_owned();
    script.lines(|request| form(request).replace("%5B", "[").replace("%5D", "]"))
}
