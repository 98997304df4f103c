//! `cargo cis sim`: builds the simulation with optimisation and runs it. Its options are in `simulation/src/main.rs`.

use clap::Args;

use crate::checks::{CheckError, Count, cargo};

/// What is handed on.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Options of the simulation: `--seeds`, `--orders`, `--crash-points all`, `--seeded-bugs`, … (`cargo cis sim -- --help`).
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub options: Vec<String>,
}

/// Runs it.
///
/// # Errors
///
/// It cannot be built, or a promise was broken.
pub async fn sim(options: &[&str]) -> Result<Count, CheckError> {
    let run = ["run", "--quiet", "--profile", "sim", "--package", "simulation", "--locked", "--"];
    cargo(&[&run, options].concat()).await
}
