//! Kills functions in mid-work: processes of the stack's own groups, by their ids.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use resilience::{Ids as _, RandomIds};
use rustix::process::{Pid, Signal, kill_process};

use crate::stack::Stack;

/// Whose processes are killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victims {
    /// Those of functions that queues and streams call.
    Consumers,
    /// Those of all functions.
    Everybody,
}

/// How many processes were killed, by function.
#[derive(Debug, Default)]
pub struct KillCounts(RefCell<BTreeMap<String, u32>>);

/// Kills a random process about as often as `pause`, for ever; counts in `killed`.
pub async fn at_random(stack: &Stack, pause: Duration, victims: &Cell<Victims>, killed: &KillCounts) {
    loop {
        tokio::time::sleep(pause / 2 + RandomIds.jitter(pause)).await;
        let running = processes(stack, victims.get());
        let Some((id, function)) = usize::try_from(RandomIds.jitter(Duration::from_secs(1)).as_nanos())
            .ok()
            .and_then(|draw| running.get(draw % running.len().max(1)))
        else {
            continue;
        };
        if Pid::from_raw(*id).is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
            *killed.0.borrow_mut().entry(function.clone()).or_default() += 1;
        }
    }
}

/// The victims' processes with their functions, by their process group and their environment's function name.
fn processes(stack: &Stack, victims: Victims) -> Vec<(i32, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let named = ids.filter_map(|id| Some((id, function(stack, Path::new(&format!("/proc/{id}")))?)));
    let is_consumer = |function: &str| stack.queues.keys().any(|name| function.ends_with(name));
    named.filter(|(_, function)| victims == Victims::Everybody || is_consumer(function)).collect()
}

/// Which of the stack's functions a process is.
fn function(stack: &Stack, process: &Path) -> Option<String> {
    let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    // After the name in brackets: state, parent, process group.
    let group = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(2)?.parse::<u32>().ok())?;
    let environment = std::fs::read(process.join("environ")).unwrap_or_default();
    let mut entries = environment.split(|byte| *byte == 0).filter_map(|entry| std::str::from_utf8(entry).ok());
    let function = entries.find_map(|entry| entry.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="))?;
    stack.groups.contains(&group).then(|| function.to_owned())
}

/// `12 (3 create-order, 9 send-email)`
impl fmt::Display for KillCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let killed = self.0.borrow();
        let each: Vec<String> = killed.iter().map(|(function, count)| format!("{count} {function}")).collect();
        write!(f, "{} processes ({})", killed.values().sum::<u32>(), each.join(", "))
    }
}
