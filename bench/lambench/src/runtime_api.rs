//! Lambda's side of the Runtime API.
//!
//! Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::http::{Connection, Request};

/// How long an invocation may last, in milliseconds.
const INVOCATION: u128 = 30_000;

/// What the function's runtime said.
#[derive(Debug)]
pub enum Said {
    /// It asks for work.
    Ready(Instant),
    /// An event left for it.
    Sent(Instant),
    /// It answered.
    HandlerResponse(Instant, Vec<u8>),
    /// It failed, at its start or in a call.
    Failed(Vec<u8>),
}

/// The API, for one process.
#[derive(Debug)]
pub struct RuntimeApi {
    /// Where it listens.
    pub address: SocketAddr,
    /// What the process says.
    pub said: Receiver<Said>,
    events: Sender<Vec<u8>>,
    is_over: Arc<AtomicBool>,
}

/// What every connection needs.
#[derive(Debug)]
struct Shared {
    said: Mutex<Sender<Said>>,
    events: Mutex<Receiver<Vec<u8>>>,
    calls: AtomicU64,
}

impl RuntimeApi {
    /// Listens on a free port of 127.0.0.1.
    pub fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let ((tell, said), (events, work)) = (mpsc::channel(), mpsc::channel());
        let shared = Arc::new(Shared { said: Mutex::new(tell), events: Mutex::new(work), calls: AtomicU64::new(0) });
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Ok(Self { address, said, events, is_over })
    }

    /// Hands out an event to whoever asks for work.
    pub fn send(&self, event: Vec<u8>) {
        // Without a listener the next wait says so.
        drop(self.events.send(event));
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then ends.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        let Ok(mut connection) = Connection::new(stream) else { return };
        while let Ok(request) = connection.request() {
            if self.answer(&mut connection, request).is_err() {
                return;
            }
        }
    }

    fn answer(&self, connection: &mut Connection, Request { path, body }: Request) -> io::Result<()> {
        let at = Instant::now();
        if path.ends_with("/invocation/next") {
            self.tell(Said::Ready(at));
            let event = self.events.lock().unwrap_or_else(PoisonError::into_inner).recv().map_err(io::Error::other)?;
            let headers = headers(self.calls.fetch_add(1, Ordering::Relaxed));
            self.tell(Said::Sent(Instant::now()));
            return connection.answer("200 OK", &headers, &event);
        }
        if path.ends_with("/response") {
            self.tell(Said::HandlerResponse(at, body));
        } else if path.ends_with("/error") {
            self.tell(Said::Failed(body));
        } else {
            return connection.answer("404 Not Found", "", b"{}");
        }
        connection.answer("202 Accepted", "", br#"{"status":"OK"}"#)
    }

    fn tell(&self, said: Said) {
        // Nobody listens any more once the process is ended.
        drop(self.said.lock().unwrap_or_else(PoisonError::into_inner).send(said));
    }
}

fn headers(call: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!(
        "lambda-runtime-aws-request-id: 00000000-0000-4000-8000-{call:012x}\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
         lambda-runtime-trace-id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0\r\n",
        now + INVOCATION
    )
}
