//! What holds for the workspace; each rule says what breaks it.

use super::members::Member;

/// What the innermost crates may link of ours.
const INNER: [(&str, &[&str]); 11] = [
    ("timestamp", &[]),
    ("domain", &["timestamp"]),
    ("resilience", &["timestamp"]),
    ("aws", &[]),
    ("telemetry", &["resilience", "timestamp"]),
    ("settings", &["aws", "resilience", "telemetry"]),
    ("passwords", &["domain", "resilience"]),
    ("stripe", &["domain", "resilience"]),
    ("mail", &["domain", "resilience"]),
    ("google-sheets", &["domain", "resilience"]),
    ("oidc", &["domain", "resilience"]),
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
