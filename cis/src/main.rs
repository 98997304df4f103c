//! `cargo cis`: the suite's command. Starts and ends the local stacks, and looks after an order system, local or on AWS.
#![allow(clippy::print_stdout)]

use std::error::Error as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod cloud;
mod paths;
mod process;
mod stack;
mod up;

/// The order system's command.
#[derive(Debug, Parser)]
#[command(name = "cargo cis", bin_name = "cargo cis")]
struct Cis {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts a local stack: the whole system on this machine.
    Up(up::Options),
    /// Ends the stack that is up.
    Down,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let ended = match Cis::parse().command {
        Command::Up(options) => up::up(&options).await,
        Command::Down => up::down().await.map(|was_up| {
            println!("{}", if was_up { "the stack is down" } else { "no stack is up" });
        }),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, one line each.
fn complain(error: &up::UpError) {
    eprintln!("cargo cis: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
