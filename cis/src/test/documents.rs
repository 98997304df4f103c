//! The commands that the documents show, run in their order: a page is as good as what a reader sees who copies from it.
//!
//! Every fence of a page names its language. `sh` is run; after it, on the same line, may stand one of these:
//!
//! | | |
//! |---|---|
//! | `no-run: REASON` | is not run, and the reason is printed |
//! | `expect: TEXT` | its output contains this text |
//! | `until: TEXT` | is run again until its output contains this text |
//! | `fails: TEXT` | its last command fails, and its output contains this text |
//!
//! All blocks of a page share one shell, `documents.sh`, which says in what it differs from a reader's.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::process::Command;

use crate::checks::{CheckError, Count, cis, run};
use crate::paths;

/// From the repository's root.
const PAGES: [&str; 2] = ["README.md", "docs/tutorial.md"];
/// What stands before a page's own commands.
const SHELL: &str = include_str!("documents.sh");
/// Longer than any page takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// Runs every page, each from a machine on which no stack is up.
pub async fn check() -> Result<Count, CheckError> {
    let mut total = Count::default();
    for page in PAGES {
        cis(&["down"]).await?;
        let ran = run_page(page).await;
        cis(&["down"]).await?;
        total += ran?;
    }
    Ok(total)
}

async fn run_page(page: &str) -> Result<Count, CheckError> {
    let failed = |error| CheckError::Start(page.to_owned(), error);
    let text = std::fs::read_to_string(paths::root().join(page)).map_err(failed)?;
    let script = script(page, &text).map_err(CheckError::Missing)?;
    // Kept, so that a page that fails can be looked into.
    let file = paths::state().join("documents").join(page.replace('/', "-")).with_extension("sh");
    std::fs::create_dir_all(paths::state().join("documents")).map_err(failed)?;
    std::fs::write(&file, script).map_err(failed)?;
    let this = std::env::current_exe().map_err(failed)?;
    let mut bash = Command::new("bash");
    bash.arg(&file).env("CIS", this).env("STACK_FILE", paths::stack_file());
    let slow = |_| CheckError::Missing(format!("{page} took longer than {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, run(&mut bash)).await.map_err(slow)?
}

/// What becomes of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Use {
    Run,
    NotRun(String),
    Expect(String),
    Until(String),
    Fails(String),
}

/// A fence of shell commands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    /// Of its first fence, from 1.
    line: usize,
    usage: Use,
    text: String,
}

fn script(page: &str, text: &str) -> Result<String, String> {
    let mut script = SHELL.to_owned();
    let mut count = 0;
    for block in blocks(text).map_err(|error| format!("{page}:{error}"))? {
        let place = quoted(&format!("{page}:{}", block.line));
        let (text, commands) = (&block.text, quoted(&block.text));
        let line = match &block.usage {
            Use::Run => format!("at {place}\n{text}"),
            Use::NotRun(reason) => format!("not_run {place} {}", quoted(reason)),
            Use::Expect(said) => format!("at {place}\nexpect {} {commands}", quoted(said)),
            Use::Until(said) => format!("at {place}\nuntil_said {} {commands}", quoted(said)),
            Use::Fails(said) => format!("at {place}\nfails {} {commands}", quoted(said)),
        };
        count += usize::from(!matches!(block.usage, Use::NotRun(_)));
        // Writing to a string does not fail.
        _ = writeln!(script, "{line}");
    }
    _ = writeln!(script, "echo '{count} passed, 0 failed'");
    Ok(script)
}

/// The fences of shell commands. An error begins with the line's number.
fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let (mut blocks, mut lines) = (Vec::new(), page.lines().enumerate());
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let body: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let (line, (language, rest)) = (number + 1, info.split_once(' ').unwrap_or((info, "")));
        match language {
            "" => return Err(format!("{line}: a fence without a language")),
            "sh" => {
                let usage = usage(rest).ok_or_else(|| format!("{line}: `{rest}` is nothing that a fence can say"))?;
                blocks.push(Block { line, usage, text: body.join("\n") });
            }
            _ => {}
        }
    }
    Ok(blocks)
}

fn usage(words: &str) -> Option<Use> {
    if words.is_empty() {
        return Some(Use::Run);
    }
    let (word, text) = words.split_once(": ")?;
    let text = text.trim().to_owned();
    Some(match word {
        _ if text.is_empty() => return None,
        "no-run" => Use::NotRun(text),
        "expect" => Use::Expect(text),
        "until" => Use::Until(text),
        "fails" => Use::Fails(text),
        _ => return None,
    })
}

/// One word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_fences_are_found_and_others_are_not() {
        let page =
            "# Page\n```sh\nls\n```\n```json\n{}\n```\n```sh until: it's so\na\nb\n```\n```sh no-run: why\nc\n```\n";
        let block = |line, usage, text: &str| Block { line, usage, text: text.to_owned() };
        let expected = vec![
            block(2, Use::Run, "ls"),
            block(8, Use::Until("it's so".to_owned()), "a\nb"),
            block(12, Use::NotRun("why".to_owned()), "c"),
        ];
        assert_eq!(blocks(page), Ok(expected));
    }

    #[test]
    fn a_fence_that_is_not_understood_is_named() {
        let error = |page: &str| script("a.md", page).unwrap_err();
        assert_eq!(error("\n```\nls\n```\n"), "a.md:2: a fence without a language");
        assert_eq!(error("```sh no-run\nls\n```\n"), "a.md:1: `no-run` is nothing that a fence can say");
        assert_eq!(error("```sh no-run: \nls\n```\n"), "a.md:1: `no-run: ` is nothing that a fence can say");
        assert_eq!(error("```sh expects: x\nls\n```\n"), "a.md:1: `expects: x` is nothing that a fence can say");
    }

    /// What a page's shell printed, and whether it ended well.
    async fn ran(page: &str) -> (String, bool) {
        let mut bash = Command::new("bash");
        bash.args(["-c", &script("a.md", page).unwrap()]).env("CIS", "echo").env("STACK_FILE", "/dev/null");
        let output = bash.output().await.unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.success())
    }

    #[tokio::test]
    async fn blocks_share_a_shell_and_the_first_failure_is_named() {
        let (said, ended_well) = ran("```sh\nA=one\n```\n```sh expect: one two\necho $A two\n```\n").await;
        assert!(ended_well && said.ends_with("one two\n2 passed, 0 failed\n"), "{said}");

        let (said, ended_well) = ran("```sh\ntrue\n```\n```sh\nfalse\necho after\n```\n").await;
        assert!(!ended_well && said.contains("a.md:4 FAILED") && !said.contains("after"), "{said}");
    }

    #[tokio::test]
    async fn what_a_block_has_to_say_is_looked_for() {
        for (page, word) in [
            ("```sh expect: two\necho one\n```\n", "does not contain"),
            ("```sh fails: one\necho one\n```\n", "did not fail"),
            ("```sh fails: two\necho one; false\n```\n", "does not contain"),
            ("```sh expect: one\nfalse\necho one\n```\n", "FAILED"),
        ] {
            let (said, ended_well) = ran(page).await;
            assert!(!ended_well && said.contains(word), "{page}{said}");
        }
        let (said, ended_well) = ran("```sh\nN=0\n```\n```sh until: 3\nN=$((N + 1)); echo $N\n```\n").await;
        assert!(ended_well && said.contains("\n3\n"), "{said}");
        assert!(ran("```sh fails: one\necho one >&2; false\n```\n").await.1);
    }

    #[tokio::test]
    async fn the_stack_goes_to_the_background_and_the_checks_do_not_begin_again() {
        let (said, ended_well) =
            ran("```sh\ncargo cis up --fresh\ncargo cis down\ncargo cis up\ncargo cis test\n```\n").await;
        let said: Vec<_> = said.lines().filter(|line| !line.is_empty() && !line.starts_with("---")).collect();
        assert!(ended_well, "{said:?}");
        assert_eq!(said[..3], ["up --background --fresh", "down", "up --background"]);
        assert!(said[3].contains("left out"), "{said:?}");
    }
}
