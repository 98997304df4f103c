//! `cargo cis logs`: what the functions said.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::paths;

const PAUSE: Duration = Duration::from_millis(200);

/// Whose lines.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// One function, as in `send-email`; all without it.
    function: Option<String>,
    /// Go on as lines come, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
}

/// Prints the lines, oldest first.
///
/// # Errors
///
/// The files cannot be read.
pub async fn logs(options: &Options) -> io::Result<()> {
    let mut read = BTreeMap::new();
    loop {
        for line in new_lines(&paths::logs(), options.function.as_deref(), &mut read)? {
            writeln!(io::stdout(), "{}", render(&line))?;
        }
        if !options.follow {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The lines that speak of something, oldest first: an order's id, a correlation id.
///
/// # Errors
///
/// The files cannot be read.
pub fn about(words: &BTreeSet<&str>) -> io::Result<Vec<Value>> {
    let lines = new_lines(&paths::logs(), None, &mut BTreeMap::new())?;
    let about = |line: &Value| {
        let text = line.to_string();
        words.iter().any(|word| text.contains(word))
    };
    Ok(lines.into_iter().filter(about).collect())
}

/// One line for people: when, how bad, who, what, and the rest.
pub fn render(line: &Value) -> String {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    let known = ["timestamp", "level", "function", "message", "target", "request_id"];
    let rest = line.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(&name.as_str()));
    let rest: Vec<String> = rest.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    format!(
        "{} {:<5} {:<22} {} {}",
        text("timestamp"),
        text("level"),
        text("function"),
        text("message"),
        rest.join(" ")
    )
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What came since the last call, from all files or one's, by time. Metrics are left out.
fn new_lines(folder: &Path, function: Option<&str>, read: &mut BTreeMap<PathBuf, u64>) -> io::Result<Vec<Value>> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_wanted = path.extension().is_some_and(|extension| extension == "log")
            && function.is_none_or(|function| path.file_stem().is_some_and(|stem| stem == function));
        if is_wanted {
            let from = read.entry(path.clone()).or_default();
            let (text, to) = rest(&path, *from)?;
            *from = to;
            let parsed = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.extend(parsed.filter(|line| line["_aws"].is_null()));
        }
    }
    lines.sort_by(|one, other| one["timestamp"].as_str().cmp(&other["timestamp"].as_str()));
    Ok(lines)
}

/// The whole lines of a file from a position on, and the position after them.
fn rest(path: &Path, from: u64) -> io::Result<(String, u64)> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    bytes.truncate(whole);
    let to = from + u64::try_from(whole).unwrap_or_default();
    Ok((String::from_utf8_lossy(&bytes).into_owned(), to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_are_read_once_in_the_order_of_their_time() {
        let folder = std::env::temp_dir().join(format!("cis-logs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("a.log", "{\"timestamp\":\"2\",\"message\":\"second\"}\n{\"timestamp\":\"3\",\"mess");
        write("b.log", "{\"timestamp\":\"1\",\"message\":\"first\"}\n{\"_aws\":{},\"Requests\":1}\n");
        let mut read = BTreeMap::new();
        let messages =
            |lines: Vec<Value>| -> Vec<String> { lines.iter().map(|line| plain(&line["message"])).collect() };
        assert_eq!(messages(new_lines(&folder, None, &mut read).unwrap()), ["first", "second"]);
        write("a.log", "{\"timestamp\":\"2\",\"message\":\"second\"}\n{\"timestamp\":\"3\",\"message\":\"third\"}\n");
        assert_eq!(messages(new_lines(&folder, Some("a"), &mut read).unwrap()), ["third"]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
