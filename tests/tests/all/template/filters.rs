//! Each queue gets what its consumer says that it hears.

use events::EventKind;
use suite::Wiring;

use super::model;

type Hears = fn(EventKind) -> bool;

const CONSUMERS: [(&str, Hears); 4] = [
    ("erase-orders", orders::erase_orders::hears),
    ("send-email", email::send_email::hears),
    ("settle-payment", payments::settle_payment::hears),
    ("sync-sheet", sheets::sync_sheet::hears),
];

/// Where the template's filters and the consumers disagree, one line each.
fn disagreements(template: &str) -> Vec<String> {
    let wiring: Wiring = template.parse().unwrap();
    let mut found = Vec::new();
    for (consumer, hears) in CONSUMERS {
        let queues: Vec<_> = wiring.queue_mappings.iter().filter(|mapping| mapping.function == consumer).collect();
        for kind in EventKind::all() {
            let word = kind.as_str();
            let subscribed =
                wiring.subscriptions.iter().filter(|it| queues.iter().any(|mapping| mapping.queue == it.queue));
            let times = subscribed.filter(|subscription| subscription.wants(word)).count();
            if times != usize::from(hears(kind)) {
                found.push(format!("{consumer} gets {word} {times} times, and hears it: {}", hears(kind)));
            }
        }
    }
    if wiring.subscriptions.len() != CONSUMERS.len() {
        found.push(format!("{} subscriptions, {} consumers", wiring.subscriptions.len(), CONSUMERS.len()));
    }
    found
}

#[test]
fn queues_get_what_their_consumers_hear_and_nothing_else() {
    let template = model::text();
    assert_eq!(EventKind::all().count(), 25);
    assert_eq!(disagreements(&template), Vec::<String>::new());
    for (from, to) in [
        ("          - api_key.expiring\n", ""),
        ("          - order.void_due\n", ""),
        ("          - account.erased\n", "          - account.erased\n          - account.registered\n"),
        ("          - prefix: order.\n", "          - prefix: order.p\n"),
    ] {
        assert!(template.contains(from), "{from:?} is not in the template, so the planted fault is none");
        assert!(!disagreements(&template.replacen(from, to, 1)).is_empty(), "{from:?} was not missed");
    }
}
