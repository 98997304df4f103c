//! The cloud stack: the real binaries and the real template on MiniStack, an AWS stand-in in Python, without Docker.
//!
//! This process runs the sandbox and the forwarder itself and owns MiniStack, which owns the functions' processes.
//! MiniStack enforces the roles' policies here, so that a permission that is missing in `template.yaml` shows.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Instant;

use tokio::net::TcpListener;

use crate::account;
use crate::accounts::Accounts;
use crate::banner;
use crate::paths;
use crate::process::asked_to_end;
use crate::seed;
use crate::stack::{Kind, Options, SECRETS, Stack, Tables};
use build::Programs;
use deploy::Outputs;
use forward::Forwarder;
use services::Services;

pub mod build;
mod deploy;
mod emf;
mod error;
mod forward;
mod ministack;
mod python;
pub mod services;
mod smoke;

pub use error::CloudError;

/// Region that the local stack plays to be in.
const REGION: &str = "eu-central-1";

/// Starts the stack, and runs it until asked to end.
///
/// # Errors
///
/// Python or a port is missing, a function does not build, the template does not deploy, or a route does not answer.
pub async fn run(options: &Options) -> Result<(), CloudError> {
    let prepared = async {
        let python = python::environment().await?;
        Ok::<_, CloudError>((python, build::functions(options.release).await?))
    };
    let (python, programs) = tokio::select! {
        prepared = prepared => prepared?,
        asked = asked_to_end() => return asked.map_err(CloudError::Signals),
    };
    // Not earlier: what cargo builds is no secret.
    paths::create_privately();
    let mut ministack = ministack::start(&python).await?;
    let (endpoint_url, group) = (ministack.endpoint_url.clone(), ministack.group());
    let ended = tokio::select! {
        ended = serve(&python, &programs, &endpoint_url, group, options.rate_limit_scale) => ended,
        () = ministack.ended() => Err(CloudError::MiniStackEnded(ministack::log())),
        asked = asked_to_end() => asked.map_err(CloudError::Signals),
    };
    ministack.stop().await;
    ended
}

/// Deploys, and runs sandbox and forwarder until one of them fails.
async fn serve(
    python: &Path,
    programs: &Programs,
    endpoint_url: &str,
    group: u32,
    rate_limit_scale: u32,
) -> Result<(), CloudError> {
    let start = Instant::now();
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.map_err(CloudError::Port)?;
    let sandbox_url = format!("http://{}", listener.local_addr().map_err(CloudError::Port)?);
    let accounts = Accounts::load()?;
    let secrets = accounts.secrets(&sandbox_url)?;
    let outputs = deploy::deploy(python, endpoint_url, programs, &sandbox_url, &secrets, rate_limit_scale).await?;
    let stack = Stack { rate_limit_scale, ..describe(&outputs, endpoint_url, sandbox_url, group)? };
    let forwarder = forwarder(&stack)?;
    let sandbox = sandbox::Shared::new(accounts.sandbox(&stack.api_url));
    let sandbox = sandbox::server::serve(listener, sandbox, std::future::pending());
    tokio::select! {
        ended = sandbox => ended.map_err(CloudError::Sandbox),
        () = forwarder.run() => Ok(()),
        ready = ready(&stack, &accounts, start) => match ready {
            Err(error) => Err(error),
            Ok(never) => match never {},
        },
    }
}

/// Tells that the stack is there, once it answers; then there is nothing left to do.
async fn ready(stack: &Stack, accounts: &Accounts, start: Instant) -> Result<Infallible, CloudError> {
    smoke::test(&stack.api_url).await?;
    seed::catalogue(&stack.api_url, accounts).await?;
    seed::people(&account::of_stack(stack)?).await?;
    println!("deployed in {:.1} s\n\n{}", start.elapsed().as_secs_f32(), banner::text(stack));
    // Last: a process that waits for the file shows what was printed before.
    stack.announce()?;
    Ok(std::future::pending().await)
}

fn describe(outputs: &Outputs, endpoint_url: &str, sandbox_url: String, group: u32) -> Result<Stack, CloudError> {
    let tables = Tables {
        orders: outputs.get("OrdersTableName")?,
        catalogue: outputs.get("CatalogueTableName")?,
        effects: outputs.get("EffectsTableName")?,
        identity: outputs.get("IdentityTableName")?,
        guards: outputs.get("GuardsTableName")?,
    };
    Ok(Stack {
        kind: Kind::Cloud,
        pid: std::process::id(),
        groups: vec![group],
        api_url: format!("{endpoint_url}/_aws/execute-api/{}/$default", outputs.get("ApiId")?),
        sandbox_url,
        endpoint_url: endpoint_url.to_owned(),
        region: REGION.to_owned(),
        tables,
        queues: outputs.queues(),
        topic_arn: Some(outputs.get("OrderEventsTopicArn")?),
        secrets: SECRETS
            .into_iter()
            .map(|(_, variable, output)| Ok((variable.to_owned(), outputs.get(output)?)))
            .collect::<Result<_, CloudError>>()?,
        rate_limit_scale: 1,
        logs: paths::logs(),
    })
}

fn forwarder(stack: &Stack) -> Result<Forwarder, CloudError> {
    empty(&stack.logs)?;
    let services = template::passports(&paths::root())?.into_values().map(|located| located.package);
    let groups = services.map(|service| (service.clone(), format!("/aws/lambda/{}/{service}", deploy::STACK)));
    let mut queues = BTreeMap::new();
    for (name, queue) in &stack.queues {
        queues.insert(format!("{}-{name}-dlq", deploy::STACK), queue.dead_letters_url.clone());
        queues.extend(queue.url.clone().map(|url| (format!("{}-{name}", deploy::STACK), url)));
        let undelivered = queue.undelivered_url.clone();
        queues.extend(undelivered.map(|url| (format!("{}-{name}-undelivered-dlq", deploy::STACK), url)));
    }
    Ok(Forwarder::new(Services::new(&stack.endpoint_url)?, groups.collect(), stack.logs.clone(), queues))
}

/// A folder with nothing in it.
fn empty(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)
}
