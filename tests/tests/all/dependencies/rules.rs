//! What holds for the workspace; each rule says what breaks it.

use std::collections::BTreeSet;

use super::members::Member;

/// What the innermost crates may link of ours.
const INNER: [(&str, &[&str]); 7] = [
    ("domain", &[]),
    ("resilience", &["domain"]),
    ("passwords", &["domain", "resilience"]),
    ("payments", &["domain", "resilience"]),
    ("mail", &["domain", "resilience"]),
    ("sheets", &["domain", "resilience"]),
    ("oidc", &["domain", "resilience"]),
];

/// What is linked only where it is used: the providers' clients, and what hashes passwords.
const PROVIDERS: [&str; 5] = ["payments", "mail", "sheets", "oidc", "passwords"];

/// Which functions link which provider, be it through `checkout`, `settlement` or `stripe-account`. All others link none.
const CALLERS: [(&str, &[&str]); 21] = [
    ("create-order", &["payments"]),
    ("create-payment-intent", &["payments"]),
    ("confirm-payment", &["payments"]),
    ("expire-orders", &["payments"]),
    ("update-order", &["payments"]),
    // Calls nobody: a price must be one that Stripe can charge.
    ("put-product", &["payments"]),
    ("reconcile-payments", &["payments"]),
    ("refund-order", &["payments"]),
    ("settle-payment", &["payments"]),
    ("stripe-webhook", &["payments"]),
    ("send-email", &["mail"]),
    ("sendgrid-webhook", &["mail"]),
    ("sync-sheet", &["sheets"]),
    ("oauth-callback", &["oidc"]),
    ("oauth-start", &["oidc"]),
    ("change-password", &["passwords"]),
    ("erase-me", &["passwords"]),
    ("login", &["passwords"]),
    ("register", &["passwords"]),
    ("reset-password", &["passwords"]),
    ("verify-email", &["passwords"]),
];

pub fn inner_crates(members: &[Member]) -> Vec<String> {
    let broken = |(name, allowed): (&str, &[&str])| {
        let linked: Vec<&str> = find(members, name).linked().filter(|other| !allowed.contains(other)).collect();
        (!linked.is_empty()).then(|| format!("{name} links {linked:?}"))
    };
    INNER.into_iter().filter_map(broken).collect()
}

/// Shared crates, functions and the sandbox link shared crates only.
pub fn folders(members: &[Member]) -> Vec<String> {
    let inner =
        |member: &&Member| ["functions", "shared"].contains(&member.folder.as_str()) || member.name == "sandbox";
    let mut broken = Vec::new();
    for member in members.iter().filter(inner) {
        let outside = member.linked().filter(|name| find(members, name).folder != "shared");
        broken.extend(outside.map(|name| format!("{} links {name}", member.name)));
    }
    broken
}

pub fn providers(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    for function in members.iter().filter(|member| member.folder == "functions") {
        let listed = CALLERS.into_iter().find(|(name, _)| *name == function.name).map_or(&[][..], |(_, listed)| listed);
        let mut linked = BTreeSet::new();
        link(members, function, &mut linked);
        let linked: Vec<&str> = PROVIDERS.into_iter().filter(|provider| linked.contains(provider)).collect();
        if linked != listed {
            broken.push(format!("{} links {linked:?}, its calls need {listed:?}", function.name));
        }
    }
    broken
}

pub fn for_tests_only(members: &[Member]) -> Vec<String> {
    let linking = members.iter().filter(|member| member.linked().any(|name| name == "testkit"));
    linking.map(|member| format!("{} links testkit", member.name)).collect()
}

pub fn lints(members: &[Member]) -> Vec<String> {
    let own = members.iter().filter(|member| !member.manifest.contains("\n[lints]\nworkspace = true\n"));
    own.map(|member| format!("{} has lints of its own", member.name)).collect()
}

pub fn from_the_workspace(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    for member in members {
        let mut of_dependencies = false;
        for line in member.manifest.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with('[') {
                of_dependencies = line.ends_with("dependencies]");
            } else if of_dependencies && !line.contains("workspace = true") {
                broken.push(format!("{}: {line}", member.name));
            }
        }
    }
    broken
}

fn find<'a>(members: &'a [Member], name: &str) -> &'a Member {
    members.iter().find(|member| member.name == name).unwrap_or_else(|| panic!("there is no {name}"))
}

/// All that a member links of ours, however far away.
fn link<'a>(members: &'a [Member], member: &'a Member, linked: &mut BTreeSet<&'a str>) {
    for name in member.linked() {
        if linked.insert(name) {
            link(members, find(members, name), linked);
        }
    }
}
