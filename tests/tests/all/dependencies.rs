//! Who may depend on whom. Each rule holds for the workspace, and each finds a fault that is planted in it.

mod members;
mod rules;

use members::{Kind, Member, members};

type Rule = fn(&[Member]) -> Vec<String>;

/// The rule has nothing to say about the workspace, and something once `plant` changed this member.
#[track_caller]
fn check(rule: Rule, name: &str, plant: impl FnOnce(&mut Member)) {
    let mut members = members();
    assert_eq!(rule(&members), Vec::<String>::new());
    plant(members.iter_mut().find(|member| member.name == name).unwrap());
    assert_ne!(rule(&members), Vec::<String>::new(), "the fault was not found");
}

#[test]
fn the_domain_depends_on_nothing_of_ours_but_timestamps() {
    check(rules::inner_crates, "domain", |domain| domain.depend_on("resilience", Kind::Normal));
}

#[test]
fn providers_know_only_the_domain_and_the_seams() {
    for provider in ["stripe", "mail", "google-sheets", "oidc"] {
        check(rules::inner_crates, provider, |provider| provider.depend_on("store", Kind::Normal));
    }
}

#[test]
fn arrows_point_from_functions_to_shared_crates() {
    check(rules::folders, "store", |store| store.depend_on("orders", Kind::Normal));
    check(rules::folders, "telemetry", |telemetry| telemetry.depend_on("suite", Kind::Normal));
    check(rules::folders, "orders", |service| service.depend_on("payments", Kind::Normal));
    check(rules::folders, "email", |service| service.depend_on("sandbox", Kind::Normal));
    check(rules::folders, "sandbox", |sandbox| sandbox.depend_on("suite", Kind::Normal));
}

#[test]
fn what_only_tests_need_is_not_linked() {
    check(rules::for_tests_only, "mail", |mail| mail.depend_on("testkit", Kind::Normal));
}

#[test]
fn every_member_inherits_the_lints() {
    check(rules::lints, "orders", |member| {
        member.manifest = member.manifest.replace("[lints]\nworkspace = true\n", "");
    });
}

#[test]
fn versions_and_sources_stand_in_the_root() {
    for line in ["serde = \"1\"", "serde = { version = \"1\" }", "domain = { path = \"../domain\" }"] {
        check(rules::from_the_workspace, "api", |member| {
            member.manifest = member.manifest.replace("serde.workspace = true", line);
        });
    }
}
