//! A target's process, from its start to its end.

use std::error::Error;
use std::io;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::config::{Config, Target};
use crate::runtime_api::{RuntimeApi, Said};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process that is measured.
#[derive(Debug)]
pub struct Running {
    /// When it was started.
    pub started: Instant,
    child: Child,
    api: RuntimeApi,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    /// When the event left.
    pub sent: Instant,
    /// When the answer was there.
    pub answered: Instant,
    /// The answer.
    pub answer: Vec<u8>,
}

impl Running {
    /// Starts a command as Lambda starts a target; `is_loud` shows what it prints.
    pub fn start(config: &Config, target: &Target, command: &[String], is_loud: bool) -> Result<Self, Box<dyn Error>> {
        let api = RuntimeApi::listen()?;
        let (program, arguments) = command.split_first().ok_or_else(|| format!("{} has no command", target.name))?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(environment(&api)).envs(&config.env).stdin(Stdio::null());
        if !is_loud {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        // A child inherits the processor of the thread that starts it.
        pin(config.cpu)?;
        let started = Instant::now();
        let child = command.spawn();
        pin(config.harness_cpu)?;
        Ok(Self { started, child: child?, api })
    }

    /// Waits until it asks for work, and says when it did.
    pub fn wait_until_ready(&self) -> Result<Instant, Box<dyn Error>> {
        match self.hear()? {
            Said::Ready(at) => Ok(at),
            Said::Failed(body) => Err(failed(&body)),
            other => Err(format!("instead of asking for work it said {other:?}").into()),
        }
    }

    /// Calls it; it has to have asked for work.
    pub fn call(&self, event: &[u8]) -> Result<Call, Box<dyn Error>> {
        self.api.send(event.to_vec());
        let Said::Sent(sent) = self.hear()? else { return Err("it spoke before it was called".into()) };
        match self.hear()? {
            Said::HandlerResponse(answered, answer) => Ok(Call { sent, answered, answer }),
            Said::Failed(body) => Err(failed(&body)),
            other => Err(format!("instead of an answer it said {other:?}").into()),
        }
    }

    /// A figure of `/proc/…/status`, such as `VmHWM`, in kB.
    pub fn status(&self, name: &str) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    }

    fn hear(&self) -> Result<Said, Box<dyn Error>> {
        Ok(self.api.said.recv_timeout(PATIENCE).map_err(|_| "it said nothing for a minute, or ended")?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Asked to end first, so that valgrind writes what it counted.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            _ = kill_process(pid, Signal::TERM);
        }
        for _ in 0..600 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn environment(api: &RuntimeApi) -> [(&'static str, String); 8] {
    let text = |(name, value): (&'static str, &str)| (name, value.to_owned());
    [
        ("AWS_LAMBDA_RUNTIME_API", api.address.to_string()),
        text(("AWS_LAMBDA_FUNCTION_NAME", "bench")),
        text(("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")),
        text(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")),
        text(("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench")),
        text(("AWS_LAMBDA_LOG_STREAM_NAME", "bench")),
        text(("LANG", "en_US.UTF-8")),
        text(("TZ", ":UTC")),
    ]
}

fn pin(cpu: Option<usize>) -> io::Result<()> {
    let Some(cpu) = cpu else { return Ok(()) };
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}

fn failed(body: &[u8]) -> Box<dyn Error> {
    format!("the function failed: {}", String::from_utf8_lossy(body)).into()
}
