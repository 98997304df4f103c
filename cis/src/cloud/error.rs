//! Why the cloud stack cannot start.

use std::io;
use std::path::PathBuf;

use resilience::HttpClientError;

use super::services::ServiceError;
use crate::accounts::AccountsError;
use crate::seed::SeedError;

/// Why the cloud stack did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// MiniStack is a Python program.
    #[error(
        "the cloud stack needs Python 3.10 or later with its venv module as `python3` (Debian: apt install python3-venv); `cargo cis up` without --cloud needs Rust alone"
    )]
    Python(#[source] io::Error),
    /// The Python there is does not do.
    #[error("`python3` is too old or lacks its venv module: {0}")]
    PythonUnfit(String),
    /// The packages come from `PyPI`, the first time only.
    #[error("cannot install MiniStack into {}: {message}", .folder.display())]
    Install {
        /// The virtual environment.
        folder: PathBuf,
        /// What pip said last.
        message: String,
    },
    /// The passports say which functions there are.
    #[error("cannot tell which functions there are")]
    Passports(#[from] template::TemplateError),
    /// Cargo has said why.
    #[error("the functions do not build")]
    Build,
    /// Cargo cannot be run, or does not say what it built.
    #[error("cannot run cargo")]
    Cargo(#[source] io::Error),
    /// Cargo built no program for a function.
    #[error("cargo built no program named {0}")]
    NoProgram(String),
    /// No port of 127.0.0.1 is free, or they are forbidden.
    #[error("cannot get a port of 127.0.0.1")]
    Port(#[source] io::Error),
    /// MiniStack cannot be started.
    #[error("cannot start MiniStack")]
    Start(#[source] io::Error),
    /// MiniStack runs and does not answer.
    #[error("MiniStack did not get ready; its output is in {}", .0.display())]
    NotReady(PathBuf),
    /// MiniStack ended by itself.
    #[error("MiniStack ended; its output is in {}", .0.display())]
    MiniStackEnded(PathBuf),
    /// The deployment's script has said why.
    #[error("the template does not deploy: {0}")]
    Deploy(String),
    /// The deployment's script cannot be run.
    #[error("cannot run the deployment")]
    Script(#[source] io::Error),
    /// The template lacks an output that the stack's file needs.
    #[error("the template has no output {0}")]
    NoOutput(String),
    /// The API is up and a route does not work.
    #[error("GET {url} answers {answer}")]
    Smoke {
        /// What was asked for.
        url: String,
        /// Status and body, or why there is no answer.
        answer: String,
    },
    /// The sandbox's socket.
    #[error("the sandbox does not serve")]
    Sandbox(#[source] io::Error),
    /// The signals that end the stack.
    #[error("cannot listen for Ctrl-C")]
    Signals(#[source] io::Error),
    /// A file under `target/cis`.
    #[error("cannot keep the stack's files")]
    Files(#[from] io::Error),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] HttpClientError),
    /// A call of MiniStack.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Keys and tokens.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The AWS SDK.
    #[error(transparent)]
    Aws(#[from] aws::ConfigError),
    /// The first products and accounts.
    #[error("the stack cannot be filled")]
    Seed(#[from] SeedError),
}
