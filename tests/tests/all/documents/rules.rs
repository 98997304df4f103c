//! What has to hold of the documents. A rule answers with its findings, one line each.

use std::collections::BTreeSet;

use super::markdown::{anchors, cells, code, is_name, links, prose, spans};
use super::repository::{Document, Repository};

/// A name of so many words is a test's, wherever it stands.
const WORDS_OF_A_TEST: usize = 4;
/// What a file's name ends with.
const ENDINGS: [&str; 14] =
    [".c", ".css", ".html", ".json", ".md", ".mjs", ".pem", ".py", ".rs", ".snap", ".sh", ".toml", ".ts", ".yaml"];
/// Pages that a newcomer reads first, and their most bytes.
const SHORT: [(&str, usize); 2] = [("README.md", 7 * 1024), ("ARCHITECTURE.md", 15 * 1024)];

/// Every test that is named exists, and a promise in a table names one.
pub fn tests(repository: &Repository) -> Vec<String> {
    repository.documents.iter().flat_map(|document| tests_of(repository, document)).collect()
}

fn tests_of(repository: &Repository, document: &Document) -> Vec<String> {
    let (mut findings, mut has_tests) = (Vec::new(), false);
    for line in prose(&document.text) {
        let cells = cells(line);
        let last = cells.as_ref().and_then(|cells| cells.last().copied()).unwrap_or_default();
        has_tests = cells.is_some() && (has_tests || last == "Tests");
        let column: Vec<&str> = if has_tests { spans(last).collect() } else { Vec::new() };
        let is_row = has_tests && last != "Tests" && !last.starts_with("---");
        if is_row && column.is_empty() {
            findings.push(format!("{}: no test in: {line}", document.path));
        }
        let long = spans(line).filter(|name| is_name(name) && name.split('_').count() >= WORDS_OF_A_TEST);
        let missing = long.chain(column).filter(|name| !repository.tests.contains(*name));
        findings.extend(missing.map(|name| format!("{}: no test is called {name}", document.path)));
    }
    findings
}

/// Every file and folder that is named exists. Left out: patterns (`<name>`, `*`, `…`) and what `target` will have.
pub fn paths(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for document in &repository.documents {
        let named = prose(&document.text).flat_map(spans).filter(|text| is_path(repository, text));
        let words = code(&document.text).flat_map(str::split_whitespace).filter(|text| is_below_root(repository, text));
        let missing = named.chain(words).filter(|path| !exists(repository, document, path));
        findings.extend(missing.map(|path| format!("{}: there is no {path}", document.path)));
    }
    findings
}

fn is_path(repository: &Repository, text: &str) -> bool {
    let is_file = ENDINGS.iter().any(|ending| text.ends_with(ending) && text.len() > ending.len());
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c));
    is_plain
        && !text.starts_with(['/', '.'])
        && !text.starts_with("target/")
        && (is_file || is_below_root(repository, text))
}

fn is_below_root(repository: &Repository, text: &str) -> bool {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c));
    is_plain && text.split_once('/').is_some_and(|(folder, _)| repository.has_at_root(folder))
}

fn exists(repository: &Repository, document: &Document, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    repository.paths.contains(path)
        || resolve(&document.path, path).is_some_and(|path| repository.paths.contains(&path))
}

/// Every relative link leads to a file or folder, and its anchor to a heading.
pub fn links_resolve(repository: &Repository) -> Vec<String> {
    let mut findings = Vec::new();
    for document in &repository.documents {
        let targets = prose(&document.text).flat_map(links).filter(|target| !target.contains("://"));
        let broken = targets.filter(|target| !leads_somewhere(repository, document, target));
        findings.extend(broken.map(|target| format!("{}: {target} leads nowhere", document.path)));
    }
    findings
}

fn leads_somewhere(repository: &Repository, document: &Document, target: &str) -> bool {
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let path = if path.is_empty() { Some(document.path.clone()) } else { resolve(&document.path, path) };
    let Some(path) = path.filter(|path| repository.paths.contains(path)) else { return false };
    let Some(anchor) = anchor else { return true };
    let page = repository.documents.iter().find(|document| document.path == path);
    page.is_some_and(|page| anchors(&page.text).iter().any(|known| known == anchor))
}

/// Every page below `docs` is linked to from another one.
pub fn orphans(repository: &Repository) -> Vec<String> {
    let mut linked = BTreeSet::new();
    for document in &repository.documents {
        let targets = prose(&document.text).flat_map(links).filter_map(|target| target.split('#').next());
        let pages = targets.filter_map(|target| resolve(&document.path, target));
        linked.extend(pages.filter(|page| *page != document.path));
    }
    let pages = repository.documents.iter().map(|document| &document.path).filter(|path| path.starts_with("docs/"));
    pages.filter(|path| !linked.contains(*path)).map(|path| format!("nothing links to {path}")).collect()
}

/// What is read first stays short.
pub fn lengths(repository: &Repository) -> Vec<String> {
    let limits = SHORT.iter().filter_map(|(path, most)| {
        let document = repository.documents.iter().find(|document| document.path == *path)?;
        Some((path, most, document.text.len()))
    });
    let long = limits.filter(|(_, most, length)| length > most);
    long.map(|(path, most, length)| format!("{path}: {length} bytes, at most {most}")).collect()
}

/// A path as a page names it, from the root; none when it leaves the repository.
fn resolve(page: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
