//! The ports, the same ones at each start if they are free: browsers and webhooks know the addresses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::paths;

/// Listeners with their origins.
#[derive(Debug)]
pub struct Listeners {
    pub api: TcpListener,
    pub sandbox: TcpListener,
    pub api_url: String,
    pub sandbox_url: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct SavedPorts {
    api: u16,
    sandbox: u16,
}

/// Listens on the ports of the last start, or on free ones.
pub async fn take(folder: &Path) -> io::Result<Listeners> {
    let file = folder.join("ports.json");
    let known: SavedPorts =
        std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let (api, sandbox) = (listen(known.api).await?, listen(known.sandbox).await?);
    let (api_port, sandbox_port) = (api.local_addr()?.port(), sandbox.local_addr()?.port());
    paths::replace(&file, &serde_json::to_vec(&SavedPorts { api: api_port, sandbox: sandbox_port })?)?;
    let origin = |port| format!("http://127.0.0.1:{port}");
    Ok(Listeners { api, sandbox, api_url: origin(api_port), sandbox_url: origin(sandbox_port) })
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
        Err(error) if port != 0 && error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
        }
        bound => bound,
    }
}
