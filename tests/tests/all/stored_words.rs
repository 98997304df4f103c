//! Words outlive the code that writes them: they stand in tables, messages, cursors and clients' programs. A new one is
//! added to the snapshot; none that is there changes.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::path::Path;

use ::api::{Class, ProblemType};
use domain::{
    AccountEventType, BandUnit, CancelReason, Delivery, DisputeStage, DisputeStatus, Due, EventType, IntentStatus,
    LedgerKind, LinkKind, MailKind, OrderStatus, PaymentChoice, RefundActionState, RefundProgress, RefundReason,
    RefundStatus, ReviewDecision, Role, Scope, TaxBehavior, TaxClass, TransferDirection,
};
use serde_json::{Value, json};
use store::ReceiptSource;
use suite::Fault;

/// Each enum with its variants and their words.
macro_rules! words {
    ($($name:ident)+) => { vec![$((stringify!($name), $name::ALL.map(|one| line(one, one.as_str())).to_vec())),+] };
}

/// A variant and its word, which is the same wherever it is written, and leads back to the variant.
fn line<T: Debug + Display + serde::Serialize>(variant: T, word: &str) -> String {
    assert_eq!((json!(variant), variant.to_string()), (json!(word), word.to_owned()));
    format!("{variant:?} = {word}")
}

fn all() -> Vec<(&'static str, Vec<String>)> {
    words![
        AccountEventType BandUnit CancelReason Class Delivery DisputeStage DisputeStatus Due EventType Fault IntentStatus
        LedgerKind LinkKind MailKind OrderStatus PaymentChoice ReceiptSource RefundActionState RefundProgress RefundReason
        RefundStatus ReviewDecision Role Scope TaxBehavior TaxClass TransferDirection
    ]
}

#[test]
fn no_word_changes() {
    let words: Vec<_> = all().iter().map(|(name, lines)| format!("{name}\n  {}\n", lines.join("\n  "))).collect();
    let mut text = words.concat();
    let problems = ProblemType::ALL.map(|kind| format!("  {kind:?} = {} {}\n", kind.uri(), kind.status().as_u16()));
    text.extend(["ProblemType\n".to_owned()].into_iter().chain(problems));
    insta::assert_snapshot!("words", text);
}

/// A word leads back to its variant, also through JSON.
#[test]
fn words_are_read_as_they_are_written() {
    for status in OrderStatus::ALL {
        assert_eq!(OrderStatus::from_word(status.as_str()), Some(status));
        assert_eq!(serde_json::from_value::<OrderStatus>(json!(status)).unwrap(), status);
    }
    assert_eq!(OrderStatus::from_word("Paid"), None);
    assert!(serde_json::from_value::<OrderStatus>(Value::from("lost")).is_err());
}

/// The enums that the sources declare with words, by name.
fn declared(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            declared(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(path).unwrap();
            let declarations = text.split("string_enum! {\n    ").skip(1);
            let names = declarations.filter_map(|rest| rest.split_once("pub enum ")?.1.split_once(' '));
            found.extend(names.map(|(name, _)| name.to_owned()));
        }
    }
}

#[test]
fn no_enum_of_words_is_left_out() {
    let mut found = BTreeSet::new();
    for folder in ["shared", "functions", "suite"] {
        declared(&Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(folder), &mut found);
    }
    let listed: BTreeSet<_> = all().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(listed, found);
}
