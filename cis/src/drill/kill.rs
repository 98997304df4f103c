//! Kills consumers in mid-work: processes of the stack's own groups, by their ids.

use std::path::Path;
use std::time::Duration;

use resilience::{Ids as _, RandomIds};
use rustix::process::{Pid, Signal, kill_process};

use crate::stack::Stack;

/// Kills a random consumer's process about as often as `pause`, for ever; counts in `killed`.
pub async fn consumers(stack: &Stack, pause: Duration, killed: &std::cell::Cell<u32>) {
    loop {
        tokio::time::sleep(pause / 2 + RandomIds.jitter(pause)).await;
        let running: Vec<i32> = processes(stack);
        let Some(chosen) = usize::try_from(RandomIds.jitter(Duration::from_secs(1)).as_nanos())
            .ok()
            .and_then(|draw| running.get(draw % running.len().max(1)))
        else {
            continue;
        };
        if Pid::from_raw(*chosen).is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
            killed.set(killed.get() + 1);
        }
    }
}

/// The consumers' processes, by their process group and their environment's function name.
fn processes(stack: &Stack) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| is_consumer(stack, Path::new(&format!("/proc/{id}")))).collect()
}

fn is_consumer(stack: &Stack, process: &Path) -> bool {
    let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
    // After the name in brackets: state, parent, process group.
    let group = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(2)?.parse::<u32>().ok());
    let environment = std::fs::read(process.join("environ")).unwrap_or_default();
    let function = environment
        .split(|byte| *byte == 0)
        .filter_map(|entry| std::str::from_utf8(entry).ok())
        .find_map(|entry| entry.strip_prefix("AWS_LAMBDA_FUNCTION_NAME="))
        .unwrap_or_default();
    group.is_some_and(|group| stack.groups.contains(&group)) && stack.queues.keys().any(|name| function.ends_with(name))
}
