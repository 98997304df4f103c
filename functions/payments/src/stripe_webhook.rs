//! `POST /v1/webhooks/stripe`: Stripe reports on payments, refunds and disputes.

use std::sync::Once;
use std::time::Duration;

use api::{Acknowledgement, ApiError, Endpoint, Response};
use domain::{Order, OrderId, PaymentFact};
use lambda_http::Request;
use lambda_http::http::StatusCode;
use resilience::{Clock, Deadline, Ids, Transport};
use store::{Orders, ParkOutcome, Receipt, ReceiptSource, StoreError, UpdateError, update};
use stripe::{
    API_VERSION, Event, OrderReference, Owner, Stripe, StripeError, UnreadableEvent, WebhookError, facts, intent_facts,
    owner, verify,
};
use telemetry::CorrelationId;

/// The callers, the rate limit and the parameters.
pub const ENDPOINT: Endpoint = Endpoint::webhook();

/// The time for one delivery: Stripe waits some 20 s for an answer, and only a dispute requires a request back.
pub const BUDGET: Duration = Duration::from_secs(8);

/// Why a delivery was rejected. Stripe retries everything that is not answered with 2xx, for up to three days.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// Not signed by Stripe, too old, or signed and not an event: 400.
    #[error(transparent)]
    InvalidSignature(#[from] WebhookError),
    /// Of an order of ours, but this version cannot read it: 500, so that it comes again after a fix.
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
    /// The intent of a dispute or refund could not be read from Stripe: 503.
    #[error("cannot find out whose event it is")]
    Stripe(#[from] StripeError),
    /// Nothing was stored, or the outcome is unknown: 503.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rejection {
    fn answer(self) -> Result<Response, ApiError> {
        let error = &self as &dyn std::error::Error;
        let status = match &self {
            Self::InvalidSignature(cause) => {
                tracing::warn!(error, "delivery refused");
                return Err(match cause {
                    WebhookError::Signature(_) => ApiError::InvalidSignature,
                    WebhookError::Body(_) => ApiError::UnreadableDelivery,
                });
            }
            Self::Unreadable(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Stripe(_) | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        tracing::error!(error, "delivery not taken in");
        Ok(api::received(status))
    }
}

/// Receives Stripe's webhook.
///
/// Verifies the signature over the raw bytes, applies the event's facts to their order, stores the receipt with them and
/// answers 200. Facts for an order that does not exist yet are parked until it does.
///
/// # Errors
///
/// 400 not signed by Stripe, or too old, or not an event.
#[utoipa::path(
    post,
    path = "/v1/webhooks/stripe",
    operation_id = "stripe-webhook",
    tag = "webhooks",
    request_body(content = String, description = "As Stripe sends and signs it; the signature in `Stripe-Signature` is checked over these very bytes", content_type = "application/json"),
    responses((status = 200, description = "Taken in", body = Acknowledgement), (status = 500, description = "Not readable by this version: send it again", body = Acknowledgement), (status = 503, description = "Not stored: send it again", body = Acknowledgement)),
    extensions(("x-signed" = json!("Stripe-Signature"))),
)]
pub async fn handle(
    env: &(impl capabilities::Orders + capabilities::Stripe + capabilities::StripeWebhook),
    request: Request,
) -> Result<Response, ApiError> {
    let (orders, clock, ids) = (env.orders(), env.clock(), env.ids());
    let (secrets, signing) = (env.stripe_secrets().await?, env.signing_secrets().await?);
    let stripe = &env.stripe_client(&secrets, BUDGET);
    let deadline = Deadline::after(clock, BUDGET);
    let delivery = Delivery { orders, stripe, clock, ids, deadline };
    let result = match read(&request, &signing.signing_secrets, clock) {
        Ok(event) if !is_for_us(&event, secrets.livemode()) => Ok(()),
        Ok(event) => delivery.take_in(&event).await,
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => Ok(api::received(StatusCode::OK)),
        Err(rejection) => {
            telemetry::count("StripeEventsRejected", 1);
            rejection.answer()
        }
    }
}

fn read(request: &Request, secrets: &[String], clock: &impl Clock) -> Result<Event, WebhookError> {
    let header = request.headers().get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    verify(header, request.body(), secrets, clock.now())
}

/// Whether the event is of our own account and of the mode that our key works in. An endpoint may hear of others as well:
/// <https://docs.stripe.com/connect/webhooks>.
fn is_for_us(event: &Event, livemode: Option<bool>) -> bool {
    let is_ours = event.account.is_none() && livemode.is_none_or(|livemode| livemode == event.livemode);
    if is_ours {
        warn_of_version(event);
    } else {
        tracing::warn!(event_id = event.id, account = event.account, livemode = event.livemode, "event for others");
        telemetry::count("StripeEventsForOthers", 1);
    }
    is_ours
}

/// An endpoint that was made for another version of the API sends objects in that version's shapes. They are read with the
/// care that all are read with.
fn warn_of_version(event: &Event) {
    static WARNED: Once = Once::new();
    let Some(version) = event.api_version.as_deref().filter(|version| *version != API_VERSION) else { return };
    telemetry::count("StripeEventsOfOtherVersion", 1);
    WARNED
        .call_once(|| tracing::warn!(version, expected = API_VERSION, "the webhook endpoint has another API version"));
}

struct Delivery<'a, O, T, C, I, K, R> {
    orders: &'a O,
    stripe: &'a Stripe<T, C, I>,
    clock: &'a K,
    ids: &'a R,
    deadline: Deadline,
}

impl<O: Orders, T: Transport, C: Clock, I: Ids, K: Clock, R: Ids> Delivery<'_, O, T, C, I, K, R> {
    async fn take_in(&self, event: &Event) -> Result<(), Rejection> {
        let read = match owner(event) {
            Owner::Ours(order) => self.attribute(order, event).await?,
            Owner::NotOurs | Owner::Unhandled => None,
        };
        let Some((order_id, facts)) = read else {
            tracing::info!(event_id = event.id, event_type = event.kind, "event of no order of ours");
            telemetry::count("StripeEventsIgnored", 1);
            return Ok(());
        };
        if facts.iter().any(PaymentFact::is_unknown) {
            tracing::error!(%order_id, event_id = event.id, "stripe says something that this version does not know");
            telemetry::count("StripeWordsUnknown", 1);
        }
        self.merge(&receipt(event, order_id, facts, self.clock)).await?;
        tracing::info!(%order_id, event_id = event.id, event_type = event.kind, "event merged");
        telemetry::count("StripeEventsMerged", 1);
        Ok(())
    }

    /// The order of an event, and what it says. Disputes, and refunds made in Stripe's dashboard, only name their intent,
    /// which is then read from Stripe.
    async fn attribute(
        &self,
        order: OrderReference,
        event: &Event,
    ) -> Result<Option<(OrderId, Vec<PaymentFact>)>, Rejection> {
        let intent = match order {
            OrderReference::Order(id) => return Ok(Some((id, facts(event)?))),
            OrderReference::Intent(intent) => intent,
        };
        let intent = match self.stripe.retrieve_payment_intent(&intent, self.deadline).await {
            Err(error) if error.is_missing() => return Ok(None),
            answer => answer?,
        };
        let Some(id) = intent.order_id() else { return Ok(None) };
        let mut facts = facts(event)?;
        facts.extend(intent_facts(&intent).map_err(UnreadableEvent::from)?);
        Ok(Some((id, facts)))
    }

    async fn merge(&self, receipt: &Receipt) -> Result<(), StoreError> {
        loop {
            match self.update(receipt).await {
                Err(UpdateError::NotFound) => {}
                Err(UpdateError::Store(error)) => return Err(error),
                Err(UpdateError::Refused(never)) => match never {},
                Ok(_) => return Ok(()),
            }
            match self.orders.park(receipt).await? {
                ParkOutcome::Parked => {
                    tracing::warn!(order_id = %receipt.order_id, event_id = receipt.event_id, "facts parked");
                    telemetry::count("StripeEventsParked", 1);
                    return Ok(());
                }
                ParkOutcome::OrderExists => {}
            }
        }
    }

    async fn update(&self, receipt: &Receipt) -> Result<Order, UpdateError<std::convert::Infallible>> {
        // The effects of a payment carry the correlation id of the request that placed the order.
        let apply =
            |order: &Order| Ok(order.apply_facts(receipt.facts.clone(), &order.correlation_id, self.clock.now()));
        update(self.orders, self.clock, self.ids, receipt.order_id, Some(receipt), apply).await
    }
}

fn receipt(event: &Event, order_id: OrderId, facts: Vec<PaymentFact>, clock: &impl Clock) -> Receipt {
    Receipt {
        event_id: event.id.clone(),
        source: ReceiptSource::Webhook,
        event_type: event.kind.clone(),
        created: event.created.seconds(),
        order_id,
        order_version: 0,
        facts,
        received_at: clock.now(),
        correlation_id: CorrelationId::from_request_id(&event.id).as_str().to_owned(),
        actor: None,
    }
}
