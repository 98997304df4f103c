//! `cargo cis`: the suite's command. Starts and ends the local stacks, and looks after an order system, local or on AWS.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod account;
mod accounts;
mod audit;
mod banner;
mod bench;
mod checks;
mod cloud;
mod dead_letters;
mod drill;
mod embedded;
mod env;
mod http;
mod logs;
mod openapi;
mod paths;
mod process;
mod reconcile;
mod records;
mod rotate;
mod secret_store;
mod seed;
mod shop;
mod sign_in;
mod sim;
mod smoke;
mod snapshot;
mod stack;
mod template;
mod test;
mod token;
mod trace;
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
    Up(stack::Options),
    /// Ends the stack that is up.
    Down,
    /// Tries the promises under faults, against the stack that is up.
    #[command(subcommand)]
    Drill(drill::Drill),
    /// Runs every check that decides whether a change is good.
    Test(test::Options),
    /// Signs a customer up on the stack that is up, places an order, pays it, and follows it to the mail and the row.
    Smoke,
    /// Writes the API's contract, `openapi.json`, and its page anew, as they follow from the code.
    Openapi,
    /// Writes `template.yaml` anew, from the functions' passports and their frame.
    Template,
    /// Measures what each call of the API costs: requests to DynamoDB, capacity units, calls to providers. Needs no stack.
    Bench(bench::Options),
    /// Runs the whole suite in simulated worlds, with everything that can go wrong, and checks every promise in each.
    Sim(sim::Options),
    /// Holds Stripe and our orders against each other, both ways, and heals what differs.
    Reconcile(reconcile::Options),
    /// Prints the history of one order: what is stored, and what was logged.
    Trace(trace::Options),
    /// Prints where an order's money went, and compares order, ledger and Stripe.
    Ledger(records::ledger::Options),
    /// Rebuilds orders from what is stored beside them, and prints where that differs.
    Replay(records::replay::Options),
    /// Checks a snapshot of all records against the invariants: tables, Stripe, mailbox, sheet, dead letters.
    Audit(audit::Options),
    /// Prints an order as it was.
    State(records::state::Options),
    /// Prints what the functions said.
    Logs(logs::Options),
    /// Prints the functions' environment variables for the stack that is up, to run one of them by hand.
    Env,
    /// Looks after accounts: makes them, disables and enables them, changes roles, lists and ends sessions.
    #[command(subcommand)]
    Account(account::Command),
    /// Puts a new secret in the place of another while everything goes on.
    Rotate(rotate::Options),
    /// Prints an access token for development.
    Token(token::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Cis::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if reader_left(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Up(options) => up::up(&options).await?,
        Command::Down if up::down().await? => println!("the stack is down"),
        Command::Down => println!("no stack is up"),
        Command::Drill(drill) => drill::drill(&drill).await?,
        Command::Test(options) => test::test(&options).await?,
        Command::Smoke => smoke::smoke().await?,
        Command::Openapi => openapi::write()?,
        Command::Template => template::write()?,
        Command::Bench(options) => bench::bench(options).await?,
        Command::Sim(options) => drop(sim::sim(&options.options.iter().map(String::as_str).collect::<Vec<_>>()).await?),
        Command::Reconcile(options) => reconcile::reconcile(&options).await?,
        Command::Trace(options) => trace::trace(&options).await?,
        Command::Ledger(options) => records::ledger::ledger(&options).await?,
        Command::Replay(options) => records::replay::replay(&options).await?,
        Command::Audit(options) => audit::audit(&options).await?,
        Command::State(options) => records::state::state(&options).await?,
        Command::Logs(options) => logs::logs(&options).await?,
        Command::Env => println!("{}", env::env()?),
        Command::Account(command) => println!("{}", account::run(&command).await?),
        Command::Rotate(options) => rotate::rotate(&options).await?,
        Command::Token(options) => println!("{}", token::token(&options)?),
    }
    Ok(())
}

/// Whether the output went to a program that had enough of it, such as `head`.
fn reader_left(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The error and its causes, one line each.
fn complain(error: &dyn Error) {
    eprintln!("cargo cis: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
}
