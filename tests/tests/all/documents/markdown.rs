//! As much of Markdown as the documents use.

use std::collections::BTreeMap;

/// The text without fenced blocks, line by line.
pub fn prose(text: &str) -> impl Iterator<Item = &str> {
    parts(text).filter(|(is_code, _)| !is_code).map(|(_, line)| line)
}

/// The lines of fenced blocks.
pub fn code(text: &str) -> impl Iterator<Item = &str> {
    parts(text).filter(|(is_code, _)| *is_code).map(|(_, line)| line)
}

fn parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut is_code = false;
    text.lines().filter_map(move |line| {
        if line.starts_with("```") {
            is_code = !is_code;
            return None;
        }
        Some((is_code, line))
    })
}

/// What stands between backticks.
pub fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The cells of a table's row; none: it is no row.
pub fn cells(line: &str) -> Option<Vec<&str>> {
    Some(line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect())
}

/// The targets of links, code left out.
pub fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').step_by(2).flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split(')').next())
}

/// The anchors of a page's headings, as GitHub makes them.
pub fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let title = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
            let count = seen.entry(anchor.clone()).or_default();
            *count += 1;
            if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
        })
        .collect()
}

/// Whether this is a name in snake case, of two words or more.
pub fn is_name(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
