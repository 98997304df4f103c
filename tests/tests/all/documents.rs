//! What the documents name exists. Each rule holds for all of them, and each finds a fault that is planted in one.

mod markdown;
mod repository;
mod rules;

use repository::{Document, Repository};

type Rule = fn(&Repository) -> Vec<String>;

/// The rule has nothing to say about the documents, and something once `plant` changed this one.
#[track_caller]
fn check(rule: Rule, path: &str, plant: impl FnOnce(&mut Document)) {
    let mut repository = Repository::read();
    assert_eq!(rule(&repository), Vec::<String>::new());
    plant(repository.documents.iter_mut().find(|document| document.path == path).unwrap());
    assert_ne!(rule(&repository), Vec::<String>::new(), "the fault was not found");
}

#[test]
fn every_test_that_a_document_names_exists() {
    // In prose by its length, in a column of tests whatever it is called.
    check(rules::tests, "docs/performance.md", |page| page.append("`a_test_that_nobody_ever_wrote`"));
    check(rules::tests, "docs/semantics/orders.md", |page| {
        page.text = page.text.replace("`anothers_order_is_like_none`", "`anothers_order`");
    });
    check(rules::tests, "docs/semantics/orders.md", |page| {
        page.text = page.text.replace("`anothers_order_is_like_none`", "");
    });
}

#[test]
fn every_path_that_a_document_names_exists() {
    for path in ["shared/doman", "docs/missing.md", "nowhere/at/all.rs", "Kargo.toml", "suite/source/"] {
        check(rules::paths, "CONTRIBUTING.md", |page| page.append(&format!("See `{path}`.")));
    }
    check(rules::paths, "docs/commands.md", |page| {
        page.text = page.text.replace("events/list-products/all.json", "events/list-products/none.json");
    });
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    for link in ["[gone](docs/gone.md)", "[no such part](docs/api.md#no-such-part)", "[here](#nowhere)"] {
        check(rules::links_resolve, "README.md", |page| page.append(link));
    }
}

#[test]
fn every_page_is_linked_to() {
    check(rules::orphans, "docs/decisions/README.md", |page| {
        page.text = page.text.replace("0004-own-retry.md", "README.md");
    });
}

#[test]
fn what_is_read_first_is_short() {
    for path in ["README.md", "ARCHITECTURE.md"] {
        check(rules::lengths, path, |page| page.append(&"More. ".repeat(1000)));
    }
}
