//! Where the stack's processes listen, as the kernel knows it.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::stack::Stack;

/// The state of a listening socket in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// The TCP listeners of the stack's process and of its groups.
///
/// # Errors
///
/// `/proc` cannot be read.
pub fn of(stack: &Stack) -> io::Result<Vec<SocketAddr>> {
    let sockets = sockets(stack)?;
    let mut listening = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        listening.extend(text.lines().filter_map(listener).filter(|(_, socket)| sockets.contains(socket)));
    }
    Ok(listening.into_iter().map(|(address, _)| address).collect())
}

/// The sockets of the processes, by their number.
fn sockets(stack: &Stack) -> io::Result<BTreeSet<u64>> {
    let mut sockets = BTreeSet::new();
    for process in std::fs::read_dir("/proc")? {
        let path = process?.path();
        let Some(id) = path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()) else { continue };
        if id != stack.pid && !group(&path).is_some_and(|group| stack.groups.contains(&group)) {
            continue;
        }
        // A process may end meanwhile.
        let Ok(files) = std::fs::read_dir(path.join("fd")) else { continue };
        let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        sockets
            .extend(targets.filter_map(|target| {
                target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
            }));
    }
    Ok(sockets)
}

/// The process group of a process: the third field after its name, which may have any characters.
fn group(process: &Path) -> Option<u32> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    stat.rsplit(')').next()?.split_whitespace().nth(2)?.parse().ok()
}

/// Address and socket of a line of the kernel's table, if it is a listener.
fn listener(line: &str) -> Option<(SocketAddr, u64)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, state, socket) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let (host, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // IPv4 is one word and IPv6 four, each in the byte order of the machine.
    let words = host.as_bytes().chunks(8).map(|word| u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok());
    let bytes = words.map(|word| word.map(u32::to_le_bytes)).collect::<Option<Vec<_>>>()?.concat();
    let v4 = || <[u8; 4]>::try_from(&*bytes).ok().map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)));
    let v6 = || <[u8; 16]>::try_from(&*bytes).ok().map(|bytes| IpAddr::from(Ipv6Addr::from(bytes)));
    let address = SocketAddr::new(v4().or_else(v6)?, port);
    (*state == LISTEN).then_some((address, socket.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_from_the_kernels_table() {
        let rest = "00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000000000000000 100 0 0 10 0";
        let line = |local: &str, state: &str| format!("   0: {local} 00000000:0000 {state} {rest}");
        let read = |local: &str| listener(&line(local, "0A")).map(|(address, socket)| (address.to_string(), socket));
        assert_eq!(read("0100007F:1F90"), Some(("127.0.0.1:8080".to_owned(), 12345)));
        assert_eq!(read("00000000000000000000000001000000:1F90"), Some(("[::1]:8080".to_owned(), 12345)));
        assert_eq!(listener(&line("0100007F:1F90", "01")), None, "a connection");
        assert_eq!(listener("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"), None);
    }
}
