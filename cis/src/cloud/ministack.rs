//! MiniStack's process: a clean environment, its files under `target/cis/cloud`, ready when it answers.

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::process::Command;

use super::{CloudError, REGION};
use crate::accounts::ORIGINS;
use crate::paths;
use crate::process::Group;

/// How long it may take to answer; it takes less than a second.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is asked.
const PAUSE: Duration = Duration::from_millis(20);

/// MiniStack, running.
pub struct MiniStack {
    group: Group,
    /// Where all of its services answer.
    pub endpoint_url: String,
}

/// Starts MiniStack, and waits until it answers.
///
/// # Errors
///
/// No port is free, or it does not get ready.
pub async fn start(python: &Path) -> Result<MiniStack, CloudError> {
    let folder = folder();
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(folder.join("tmp"))?;
    let port = free_port().map_err(CloudError::Port)?;
    let endpoint_url = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(python);
    command.arg(paths::root().join("cis/src/cloud/launcher.py")).args([ORIGINS, &std::process::id().to_string()]);
    command.env_clear().envs(environment(&folder, port, &endpoint_url)).current_dir(&folder);
    let group = Group::spawn(&mut command, &log()).map_err(CloudError::Start)?;
    let mut ministack = MiniStack { group, endpoint_url };
    ministack.ready(port).await?;
    Ok(ministack)
}

/// What MiniStack prints.
pub fn log() -> PathBuf {
    folder().join("ministack.log")
}

impl MiniStack {
    /// The id of the process group that it and all functions run in.
    pub const fn group(&self) -> u32 {
        self.group.id()
    }

    /// Waits until it ends by itself, which it never should.
    pub async fn ended(&mut self) {
        self.group.ended().await;
    }

    /// Ends it and every function.
    pub async fn stop(self) {
        self.group.stop().await;
    }

    async fn ready(&mut self, port: u16) -> Result<(), CloudError> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
                return Ok(());
            }
            tokio::select! {
                () = self.group.ended() => return Err(CloudError::MiniStackEnded(log())),
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        Err(CloudError::NotReady(log()))
    }
}

fn folder() -> PathBuf {
    paths::state().join("cloud")
}

/// MiniStack's environment. The functions inherit it, so it has nothing of the caller's.
fn environment(folder: &Path, port: u16, endpoint_url: &str) -> Vec<(&'static str, OsString)> {
    let mut variables: Vec<(&str, OsString)> = [
        ("GATEWAY_PORT", &*port.to_string()),
        ("BIND_HOST", "127.0.0.1"),
        // Queue URLs carry it.
        ("MINISTACK_HOST", "127.0.0.1"),
        ("AWS_ENDPOINT_URL", endpoint_url),
        ("AWS_DEFAULT_REGION", REGION),
        // Functions get sessions of their roles, and calls that the roles do not allow are denied, as on AWS.
        ("AUTH", "true"),
        ("LAMBDA_EXECUTOR", "local"),
        ("PERSIST_STATE", "0"),
        ("SFTP_ENABLED", "0"),
        ("IOT_MTLS_ENABLED", "0"),
        ("LANG", "C.UTF-8"),
    ]
    .map(|(name, value)| (name, value.into()))
    .into();
    variables.push(("HOME", folder.into()));
    variables.push(("TMPDIR", folder.join("tmp").into()));
    variables.extend(std::env::var_os("PATH").map(|path| ("PATH", path)));
    variables
}

/// A port that is free now. It could be taken before MiniStack binds it, which then ends and says so.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
