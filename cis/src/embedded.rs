//! The embedded stack: every handler in this process, DynamoDB on a file, the sandbox on a port of its own. Needs
//! nothing but Rust.
//!
//! Everything survives its process, however that ends: tables and stream stand in the database's file, queues and
//! positions in the checkpoint's, what the providers went through in the sandbox's journal. Events are worked off at
//! least once, as on AWS.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use resilience::{Clock as _, HttpTransport, RandomIds, SystemClock};
use sandbox::{Shared, journal};
use suite::{LocalDynamo, Ports, Stores as _, Suite, Wiring};
use tokio::task::LocalSet;

use crate::accounts::{Accounts, origins};
use crate::process::asked_to_end;
use crate::stack::{Kind, Options, Queue, Stack, Tables};
use crate::{banner, paths, seed};

mod checkpoint;
mod error;
pub mod front;
mod listeners;
mod logs;
pub mod secrets;
mod settings;
mod work;

pub use error::EmbeddedError;

/// The suite as this stack runs it.
type Local = Suite<LocalDynamo, HttpTransport, SystemClock, RandomIds>;

/// Starts the stack, and runs it until asked to end.
///
/// # Errors
///
/// A file or a port cannot be had, or what an earlier stack stored cannot be read.
pub async fn run(options: &Options) -> Result<(), EmbeddedError> {
    let folder = paths::embedded();
    if options.fresh && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    paths::create_privately();
    paths::private_folder(&folder)?;
    logs::start(&paths::logs())?;
    LocalSet::new().run_until(Box::pin(serve(&folder, options.rate_limit_scale))).await
}

async fn serve(folder: &Path, rate_limit_scale: u32) -> Result<(), EmbeddedError> {
    let start = Instant::now();
    let listeners = listeners::take(folder).await?;
    let accounts = Accounts::load()?;
    let sandbox = sandbox(folder, &accounts, &listeners)?;
    let suite = Rc::new(suite(folder, &accounts, &listeners, rate_limit_scale).await?);
    checkpoint::restore(&suite, folder).await?;
    let stack = describe(&suite, &listeners);
    let ready = async {
        seed::catalogue(&listeners.api_url, &accounts).await?;
        seed::people(suite.store().accounts()).await?;
        println!("up in {:.1} s\n\n{}", start.elapsed().as_secs_f32(), banner::text(&stack));
        stack.announce()?;
        std::future::pending::<Result<(), EmbeddedError>>().await
    };
    let ended = tokio::select! {
        asked = asked_to_end() => asked.map_err(EmbeddedError::from),
        ended = sandbox::server::serve(listeners.sandbox, sandbox, std::future::pending()) => ended.map_err(EmbeddedError::from),
        ended = front::serve(listeners.api, Rc::clone(&suite)) => ended.map_err(EmbeddedError::from),
        ended = work::work(&suite, folder) => ended,
        ended = ready => ended,
    };
    checkpoint::save(&suite, folder).await?;
    ended
}

fn sandbox(folder: &Path, accounts: &Accounts, listeners: &listeners::Listeners) -> Result<Shared, EmbeddedError> {
    let mut settings = accounts.sandbox(&listeners.api_url);
    // The journal holds calls, and the ids in their answers follow from the seed: it has to stay the same.
    settings.seed = settings::seed(folder)?;
    Ok(Shared::of(journal::open(&folder.join("sandbox.journal"), settings, SystemClock.now())?))
}

async fn suite(
    folder: &Path,
    accounts: &Accounts,
    listeners: &listeners::Listeners,
    rate_limit_scale: u32,
) -> Result<Local, EmbeddedError> {
    let template = paths::root().join("template.yaml");
    let mut wiring: Wiring = std::fs::read_to_string(template)?.parse()?;
    if let Some(cors) = &mut wiring.cors {
        cors.origins = origins();
    }
    let settings = settings::settings(folder, accounts, listeners, rate_limit_scale)?;
    let ports = Ports {
        store: LocalDynamo::open(Some(&folder.join("tables.sqlite"))).await?,
        transport: HttpTransport::new(settings::PROVIDER_TIMEOUT)?,
        clock: SystemClock,
        ids: RandomIds,
    };
    Ok(Suite::new(ports, settings, wiring).at_once(settings::AT_ONCE))
}

fn describe(suite: &Local, listeners: &listeners::Listeners) -> Stack {
    let names = suite.store().tables();
    let queue = |name: &str| {
        let topic = suite.wiring().subscriptions.iter().find(|subscription| subscription.queue == name);
        let undelivered_url = topic.map(|subscription| subscription.dead_letters.clone());
        (name.to_owned(), Queue { url: None, dead_letters_url: format!("{name}-dlq"), undelivered_url })
    };
    let consumers = suite.wiring().queue_mappings.iter().map(|mapping| mapping.queue.as_str());
    let streams = suite.wiring().stream_mappings.iter().map(|mapping| mapping.function.as_str());
    Stack {
        kind: Kind::Embedded,
        pid: std::process::id(),
        groups: Vec::new(),
        api_url: listeners.api_url.clone(),
        sandbox_url: listeners.sandbox_url.clone(),
        endpoint_url: suite.store().endpoint_url().to_owned(),
        region: "eu-central-1".to_owned(),
        tables: Tables {
            orders: names.orders.clone(),
            catalogue: names.catalogue.clone(),
            effects: names.effects.clone(),
            identity: names.identity.clone(),
            guards: names.guards.clone(),
        },
        queues: consumers.chain(streams).map(queue).collect::<BTreeMap<_, _>>(),
        topic_arn: None,
        secrets: BTreeMap::new(),
        rate_limit_scale: suite.settings().rate_limit_scale,
        logs: paths::logs(),
    }
}

/// Runs forever what is not `Send`, on this thread.
fn go(task: impl Future<Output = ()> + 'static) {
    tokio::task::spawn_local(task);
}
