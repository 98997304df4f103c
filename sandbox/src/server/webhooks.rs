//! Sends the sandbox's webhooks over plain HTTP and reports the outcome of each.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, header};
use resilience::{Clock as _, HttpClientError, HttpTransport, SystemClock, Transport as _};
use tokio::sync::Semaphore;

use crate::{Delivery, Shared};

/// A provider waits so long for the shop's answer; Stripe gives up sooner than most.
const TIMEOUT: Duration = Duration::from_secs(10);
const AT_ONCE: usize = 16;

/// The loop that sends webhooks.
pub struct Sender {
    shared: Shared,
    http: HttpTransport,
    places: Arc<Semaphore>,
}

impl Sender {
    pub fn new(shared: Shared) -> Result<Self, HttpClientError> {
        Ok(Self { shared, http: HttpTransport::new(TIMEOUT)?, places: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Runs until the task is dropped.
    pub async fn run(self) {
        loop {
            let due = self.shared.lock().due(SystemClock.now());
            for delivery in due {
                let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
                let (shared, http) = (self.shared.clone(), self.http.clone());
                tokio::spawn(async move {
                    send(&shared, &http, delivery).await;
                    drop(place);
                });
            }
            self.wait().await;
        }
    }

    /// Until something is due, or something new came up.
    async fn wait(&self) {
        let next = self.shared.lock().next_due();
        let Some(next) = next else { return self.shared.changed().await };
        tokio::select! {
            () = SystemClock.sleep(next.since(SystemClock.now())) => {}
            () = self.shared.changed() => {}
        }
    }
}

async fn send(shared: &Shared, http: &HttpTransport, delivery: Delivery) {
    let mut status = None;
    match request(&delivery) {
        Ok(request) => match http.send(request).await {
            Ok(response) => status = Some(response.status().as_u16()),
            Err(error) => tracing::debug!(%error, event = delivery.event_type, "webhook was not answered"),
        },
        Err(error) => tracing::warn!(%error, "webhook cannot be sent"),
    }
    shared.lock().delivered(SystemClock.now(), delivery.id, status);
    shared.notify();
}

fn request(delivery: &Delivery) -> Result<Request<bytes::Bytes>, http::Error> {
    let mut request = Request::post(&delivery.url).body(delivery.body.clone())?;
    *request.headers_mut() = delivery.headers.clone();
    request.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(request)
}
