//! Processes that end with the stack: children in groups of their own, signals, and the stack in the background.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// How long a child may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// A child and all that it starts: one process group, ended as one.
#[derive(Debug)]
pub struct Group {
    child: Child,
    id: u32,
}

impl Group {
    /// Starts the command in a group of its own, its output appended to a file.
    ///
    /// # Errors
    ///
    /// The program cannot be started, or the file cannot be written.
    pub fn spawn(command: &mut Command, log: &Path) -> io::Result<Self> {
        let log = append(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().ok_or_else(|| io::Error::other("the process ended at once"))?;
        Ok(Self { child, id })
    }

    /// The group's id, which is its first process's.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Waits until the first process ends by itself.
    pub async fn ended(&mut self) {
        // A failed wait means that the child no longer exists.
        self.child.wait().await.ok();
    }

    /// Asks the group to end, and ends what is left of it after a while.
    pub async fn stop(mut self) {
        signal_group(self.id, Signal::TERM);
        tokio::time::timeout(PATIENCE, self.child.wait()).await.ok();
        signal_group(self.id, Signal::KILL);
        self.child.wait().await.ok();
    }
}

/// Asks one process to end.
pub fn terminate(id: u32) {
    send(id, |pid| kill_process(pid, Signal::TERM));
}

/// Ends one process at once.
pub fn kill(id: u32) {
    send(id, |pid| kill_process(pid, Signal::KILL));
}

/// Waits for Ctrl-C or a request to end.
///
/// # Errors
///
/// The signals cannot be listened to.
pub async fn asked_to_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

/// Runs this program again, apart from the terminal, with its output in a file.
///
/// # Errors
///
/// The program cannot be started, or the file cannot be written.
pub fn detach(arguments: &[String], log: &Path) -> io::Result<std::process::Child> {
    use std::os::unix::process::CommandExt as _;
    let log = append(log)?;
    std::process::Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
}

fn append(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(path)
}

fn signal_group(id: u32, signal: Signal) {
    send(id, |pid| kill_process_group(pid, signal));
}

/// A process that is gone already is what was wanted: there is nothing to report.
fn send(id: u32, signal: impl FnOnce(Pid) -> rustix::io::Result<()>) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        signal(pid).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell with a grandchild that ignores the request to end; the grandchild's id.
    async fn stubborn(folder: &Path) -> (Group, u32) {
        let note = folder.join("grandchild");
        let script =
            format!("(trap '' TERM; exec sleep 600) & echo $! > {0}.new; mv {0}.new {0}; wait", note.display());
        let group = Group::spawn(Command::new("/bin/sh").args(["-c", &script]), &folder.join("log")).unwrap();
        while !note.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let grandchild = std::fs::read_to_string(note).unwrap().trim().parse().unwrap();
        (group, grandchild)
    }

    fn runs(id: u32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z') && !rest.is_empty())
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn stopping_a_group_ends_what_the_child_started() {
        let folder = std::env::temp_dir().join(format!("cis-group-{}", std::process::id()));
        let (group, grandchild) = stubborn(&folder).await;
        let child = group.id();
        assert!(runs(child) && runs(grandchild));
        group.stop().await;
        // The kernel takes a moment to end a killed process.
        tokio::time::timeout(Duration::from_secs(5), async {
            while runs(child) || runs(grandchild) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("nothing of the group is left");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
