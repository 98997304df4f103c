//! The project's vocabulary: words and sentences that gave way to the field's own ones stay out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is not written any more, and what is written instead. Only words without any legitimate use are here.
const REPLACED: &[(&str, &str)] = &[
    // Types and modules.
    ("Vouched", "ExternalIdentity"),
    ("VouchedFor", "SignInOutcome"),
    ("VouchRefused", "ExternalSignInError"),
    ("Hop", "HistoryEntry"),
    ("hops", "items"),
    ("RefundStanding", "RefundView"),
    ("Occasion", "CommandContext"),
    ("Wish", "a request or a patch"),
    ("Heard", "RecordedFacts"),
    ("Told", "EventMismatch"),
    ("Differs", "Mismatch"),
    ("keep_up", "rehash_if_outdated"),
    ("note_use", "record_use"),
    ("keep_bookmark", "save_checkpoint"),
    ("store::Guards", "RateLimiter, KnownAddresses or JobCheckpoints"),
    ("notice-expiring-keys", "notify-expiring-keys"),
    ("notice_expiring_keys", "notify_expiring_keys"),
    ("NoticeExpiringKeys", "NotifyExpiringKeys"),
    // The simulation.
    ("befall", "inject"),
    ("weather", "fault profile"),
    ("Weather", "FaultProfile"),
    ("chaos", "fault injection"),
    ("Chaos", "FaultInjector"),
    ("Meddler", "RequestMutator"),
    ("machinery", "pollers"),
    ("NaiveStore", "a seeded bug"),
    ("naive variant", "seeded bug"),
    ("naive variants", "seeded bugs"),
    ("--mutants", "--seeded-bugs"),
    // What the API and the mails say.
    ("stock_was", "expected_stock"),
    ("stock-differs", "stock-conflict"),
    ("StockDiffers", "StockConflict"),
    ("amount-differs", "amount-mismatch"),
    ("AmountDiffers", "AmountMismatch"),
    ("/problems/not-fulfillable", "/problems/order-not-fulfillable"),
    ("/problems/not-verified", "/problems/invalid-signature"),
    ("mail address", "email address"),
    ("called back", "revoked"),
    ("prices of now", "current prices"),
    ("keys of now", "current keys"),
    ("is no parameter of this address", "unknown query parameter"),
    ("must not be there twice", "must not be repeated"),
    ("this address knows", "Allowed methods:"),
    ("That much is not left", "Refund exceeds the refundable amount"),
    ("not one to be sent", "cannot be fulfilled"),
    ("The stock is another one", "Stock has changed"),
    ("was used already, has expired, or is none", "is invalid, expired or already used"),
    ("is not valid, or no longer", "is invalid, expired or revoked"),
    ("can be given back on request", "cannot be refunded"),
    ("went back to you", "We have refunded"),
    ("Set another password", "Reset your password"),
];

/// Files that have the words for a reason: this one, what tells of the past, and other people's passwords.
const EXEMPT: [&str; 3] = ["tests/tests/all/words.rs", "CHANGELOG.md", "shared/passwords/src/common.txt"];

#[test]
fn replaced_words_stay_out() {
    let found: Vec<_> = tracked_files().iter().flat_map(|(name, text)| findings(name, text)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_replaced_word_is_found_where_it_is_planted() {
    for (old, instead) in REPLACED {
        let text = format!("fn main() {{\n    // \"{old}\".\n}}\n");
        assert!(
            findings("planted.rs", &text).contains(&format!("planted.rs:2: \"{old}\": say \"{instead}\"")),
            "{old}"
        );
    }
}

#[test]
fn a_word_is_found_as_a_whole_only() {
    for text in ["an email address", "HopCount", "my_hops", "/problems/email-not-verified", "shops"] {
        assert_eq!(findings("planted.rs", text), Vec::<String>::new());
    }
}

/// One line for each replaced word in a line of this text.
fn findings(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for (old, instead) in REPLACED {
            if has_word(line, old) {
                found.push(format!("{name}:{number}: \"{old}\": say \"{instead}\""));
            }
        }
    }
    found
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(continues_word) && !after.is_some_and(continues_word)
    })
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// Name and text of every tracked file that is text and not exempt.
fn tracked_files() -> Vec<(String, String)> {
    let root = root();
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output().expect("git runs");
    assert!(output.status.success(), "git ls-files failed");
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let names = names.split_terminator('\0').filter(|name| !EXEMPT.contains(name) && !is_lock_file(name));
    // A file may be deleted and still be tracked; one that is not UTF-8 has no words.
    names.filter_map(|name| Some((name.to_owned(), fs::read_to_string(root.join(name)).ok()?))).collect()
}

fn is_lock_file(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|name| name == "Cargo.lock" || name == "package-lock.json")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
