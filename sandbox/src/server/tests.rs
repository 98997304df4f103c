//! Over a real socket: what a caller in another process sees.

use super::*;
use crate::{Fault, FaultKind, Settings};
use axum::routing::post;
use resilience::{HttpTransport, Transport as _, TransportError};
use std::sync::Mutex;
use std::time::Duration;

async fn start(settings: Settings) -> (String, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let shared = Shared::new(settings);
    tokio::spawn(serve(listener, shared.clone(), std::future::pending()));
    (address, shared)
}

fn create(address: &str) -> http::Request<Bytes> {
    http::Request::post(format!("{address}/v1/payment_intents"))
        .header("authorization", format!("Bearer {}", Settings::default().stripe.secret_key))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from_static(b"amount=500&currency=usd"))
        .unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn a_lost_answer_is_a_reset_connection_and_the_work_is_done() {
    let (address, shared) = start(Settings::default()).await;
    let http = HttpTransport::new(Duration::from_secs(5)).unwrap();
    assert_eq!(http.send(create(&address)).await.unwrap().status(), 200);

    shared.lock().faults.add(Fault::new(FaultKind::AnswerLost { millis: 0 }).times(1));
    let error = http.send(create(&address)).await.unwrap_err();
    assert!(matches!(error, TransportError::OutcomeUnknown(_)));
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        text.push_str(&error.to_string());
        cause = error.source();
    }
    assert!(text.contains("reset"), "{text}");
    assert_eq!(shared.lock().stripe.payment_intent_count(), 2);

    shared.lock().faults.add(Fault::new(FaultKind::ConnectionReset).times(1));
    assert!(http.send(create(&address)).await.is_err());
    assert_eq!(shared.lock().stripe.payment_intent_count(), 2);
    assert_eq!(http.send(create(&address)).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "current_thread")]
async fn webhooks_are_sent_signed_and_tried_again() {
    let taken = std::sync::Arc::new(Mutex::new(Vec::new()));
    let seen = taken.clone();
    let (done, mut waiting) = tokio::sync::mpsc::unbounded_channel();
    let hook = move |headers: http::HeaderMap, body: Bytes| {
        let mut seen = seen.lock().unwrap();
        seen.push((headers["stripe-signature"].clone(), body));
        let status = if seen.len() == 1 { 500_u16 } else { 200 };
        done.send(()).unwrap();
        async move { http::StatusCode::from_u16(status).unwrap() }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut settings = Settings::default();
    settings.retries.first_ms = 10;
    settings.stripe.endpoints.push(crate::stripe::Endpoint::new(&url));
    let (address, shared) = start(settings).await;
    let http = HttpTransport::new(Duration::from_secs(5)).unwrap();
    http.send(create(&address)).await.unwrap();
    waiting.recv().await.unwrap();
    waiting.recv().await.unwrap();
    let taken = taken.lock().unwrap();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].1, taken[1].1, "the same bytes again");
    assert_eq!(shared.lock().deliveries.counts().failed_tries, 1);
}
