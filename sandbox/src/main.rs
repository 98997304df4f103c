//! The sandbox as a server of its own: `sandbox --port 0` prints the address it serves.
#![allow(clippy::print_stdout)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use sandbox::{Settings, Shared, server};
use tokio::net::TcpListener;

/// Stand-ins for Stripe, SendGrid, Google Sheets and an OpenID provider on 127.0.0.1.
#[derive(Debug, Parser)]
struct Arguments {
    /// Port to serve; 0 takes a free one and prints it. Default: the variable `SANDBOX_PORT`, or 12111.
    #[arg(long)]
    port: Option<u16>,
    /// JSON file with keys, webhook endpoints and schedules; what it leaves out has defaults.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Fixes every random choice. Without it, each start has its own ids.
    #[arg(long)]
    seed: Option<u64>,
    /// Adds a Stripe webhook endpoint, with the secret from the settings or a default one.
    #[arg(long, value_name = "URL")]
    stripe_webhook: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("cannot read the settings")]
    Settings(#[source] std::io::Error),
    #[error("the settings are not what they should be: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("SANDBOX_PORT is not a port")]
    Port(#[from] std::num::ParseIntError),
    #[error("cannot serve on 127.0.0.1:{0}: {1}")]
    Serve(u16, #[source] std::io::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), StartError> {
    let settings = settings(&arguments)?;
    let port = match arguments.port {
        Some(port) => port,
        None => std::env::var("SANDBOX_PORT").map_or(Ok(12_111), |text| text.parse())?,
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |error| StartError::Serve(port, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    println!("sandbox: http://{}", listener.local_addr().map_err(failed)?);
    server::serve(listener, Shared::new(settings), std::future::pending()).await.map_err(failed)
}

fn settings(arguments: &Arguments) -> Result<Settings, StartError> {
    let mut settings = match &arguments.settings {
        Some(path) => serde_json::from_slice(&std::fs::read(path).map_err(StartError::Settings)?)?,
        None => Settings::default(),
    };
    if arguments.settings.is_none() || arguments.seed.is_some() {
        settings.seed = arguments.seed.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    }
    settings.stripe.endpoints.extend(arguments.stripe_webhook.iter().map(|url| sandbox::stripe::Endpoint::new(url)));
    Ok(settings)
}
