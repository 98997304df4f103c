//! Every seam behind a gate.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use domain::{
    Change, CustomerId, Due, LedgerEntry, MailEffect, MailEffectId, MailSubject, Order, OrderEvent, OrderId,
    OrderStatus, Product, Sku, Timestamp,
};
use events::{BusError, DeadLetters, Event, Publisher, Visibility};
use http::{Request, Response};
use resilience::{Clock, Transport, TransportError};
use store::{
    Catalogue, MailEffects, Orders, Page, PageRequest, ParkOutcome, PlaceOutcome, ProductEdit, Receipt, RowClaim,
    SheetRow, SheetRows, StoreError,
};

use super::{Effect, EffectKind, Gate};
use crate::bus::Bus;
use crate::ports::Stores;

/// All repositories behind a gate.
#[derive(Debug)]
pub struct StoreGate<'a, S> {
    pub(super) store: &'a S,
    pub(super) gate: &'a Gate,
}

impl<'a, S> StoreGate<'a, S> {
    pub(crate) const fn new(store: &'a S, gate: &'a Gate) -> Self {
        Self { store, gate }
    }
}

/// The bus behind a gate, as a function sees it.
#[derive(Debug)]
pub struct BusGate<'a, C> {
    bus: &'a Bus<C>,
    gate: &'a Gate,
    function: &'a str,
}

impl<'a, C> BusGate<'a, C> {
    pub(crate) const fn new(bus: &'a Bus<C>, gate: &'a Gate, function: &'a str) -> Self {
        Self { bus, gate, function }
    }
}

/// A transport behind a gate; clones share both.
#[derive(Debug)]
pub struct TransportGate<T> {
    transport: Rc<T>,
    gate: Gate,
}

impl<T> TransportGate<T> {
    pub(crate) const fn new(transport: Rc<T>, gate: Gate) -> Self {
        Self { transport, gate }
    }
}

impl<T> Clone for TransportGate<T> {
    fn clone(&self) -> Self {
        Self { transport: Rc::clone(&self.transport), gate: self.gate.clone() }
    }
}

impl<S: Stores> Orders for StoreGate<'_, S> {
    async fn place(&self, placement: &Change) -> Result<PlaceOutcome, StoreError> {
        self.gate.around(write("orders.place").of(placement.order.id), self.store.orders().place(placement)).await
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.gate.around(read("orders.find").of(id), self.store.orders().find(id)).await
    }

    async fn save(&self, change: &Change, receipt: Option<&Receipt>) -> Result<(), StoreError> {
        self.gate
            .around(conditional("orders.save").of(change.order.id), self.store.orders().save(change, receipt))
            .await
    }

    async fn record(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.gate.around(write("orders.record").of(receipt.order_id), self.store.orders().record(receipt)).await
    }

    async fn park(&self, receipt: &Receipt) -> Result<ParkOutcome, StoreError> {
        self.gate.around(write("orders.park").of(receipt.order_id), self.store.orders().park(receipt)).await
    }

    async fn events(&self, id: OrderId, page: &PageRequest) -> Result<Page<OrderEvent>, StoreError> {
        self.gate.around(read("orders.events").of(id), self.store.orders().events(id, page)).await
    }

    async fn receipts(&self, id: OrderId) -> Result<Vec<Receipt>, StoreError> {
        self.gate.around(read("orders.receipts").of(id), self.store.orders().receipts(id)).await
    }

    async fn ledger(&self, id: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.gate.around(read("orders.ledger").of(id), self.store.orders().ledger(id)).await
    }

    async fn republish(&self, event: &OrderEvent, now: Timestamp) -> Result<(), StoreError> {
        self.gate.around(write("orders.republish").of(event.order_id), self.store.orders().republish(event, now)).await
    }

    async fn of_customer(
        &self,
        customer: CustomerId,
        status: Option<OrderStatus>,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        self.gate.around(read("orders.of_customer"), self.store.orders().of_customer(customer, status, page)).await
    }

    async fn others_placed_since(
        &self,
        customer: CustomerId,
        but: OrderId,
        since: Timestamp,
    ) -> Result<Page<Order>, StoreError> {
        let others = self.store.orders().others_placed_since(customer, but, since);
        self.gate.around(read("orders.others_placed_since"), others).await
    }

    async fn with_status(&self, status: OrderStatus, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.gate.around(read("orders.with_status"), self.store.orders().with_status(status, page)).await
    }

    async fn oldest_with_status(
        &self,
        status: OrderStatus,
        placed_before: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Order>, StoreError> {
        let oldest = self.store.orders().oldest_with_status(status, placed_before, page);
        self.gate.around(read("orders.oldest_with_status"), oldest).await
    }

    async fn due(&self, due: Due, by: Timestamp, page: &PageRequest) -> Result<Page<Order>, StoreError> {
        self.gate.around(read("orders.due"), self.store.orders().due(due, by, page)).await
    }
}

impl<S: Stores> Catalogue for StoreGate<'_, S> {
    async fn products(&self, skus: &[Sku]) -> Result<Vec<Product>, StoreError> {
        self.gate.around(read("catalogue.products"), self.store.catalogue().products(skus)).await
    }

    async fn put(&self, edit: &ProductEdit) -> Result<Product, StoreError> {
        self.gate.around(write("catalogue.put"), self.store.catalogue().put(edit)).await
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Product>, StoreError> {
        self.gate.around(read("catalogue.list"), self.store.catalogue().list(page)).await
    }
}

impl<S: Stores> MailEffects for StoreGate<'_, S> {
    async fn mail(&self, id: MailEffectId) -> Result<Option<MailEffect>, StoreError> {
        self.gate.around(mail(read("mails.mail"), id), self.store.mails().mail(id)).await
    }

    async fn save_mail(&self, effect: &MailEffect) -> Result<(), StoreError> {
        self.gate.around(mail(conditional("mails.save_mail"), effect.id), self.store.mails().save_mail(effect)).await
    }

    async fn mails_about(&self, order: OrderId) -> Result<Vec<MailEffect>, StoreError> {
        self.gate.around(read("mails.mails_about").of(order), self.store.mails().mails_about(order)).await
    }
}

impl<S: Stores> SheetRows for StoreGate<'_, S> {
    async fn rows(&self, spreadsheet_id: &str, orders: &[OrderId]) -> Result<Vec<RowClaim>, StoreError> {
        self.gate.around(write("rows.rows"), self.store.rows().rows(spreadsheet_id, orders)).await
    }

    async fn row_written(
        &self,
        spreadsheet_id: &str,
        order: OrderId,
        version: u64,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let written = self.store.rows().row_written(spreadsheet_id, order, version, at);
        self.gate.around(write("rows.row_written").of(order), written).await
    }

    async fn rows_of(&self, order: OrderId) -> Result<Vec<SheetRow>, StoreError> {
        self.gate.around(read("rows.rows_of").of(order), self.store.rows().rows_of(order)).await
    }
}

impl<C: Clock> Publisher for BusGate<'_, C> {
    async fn publish(&self, event: &Event) -> Result<(), BusError> {
        self.gate.around(publish("bus.publish"), self.bus.publish(event)).await
    }
}

impl<C: Clock> DeadLetters for BusGate<'_, C> {
    async fn keep(&self, content: &str, reason: &str) -> Result<(), BusError> {
        self.gate.around(publish("bus.keep"), self.bus.letters_of(self.function).keep(content, reason)).await
    }
}

impl<C: Clock> Visibility for BusGate<'_, C> {
    async fn hide(&self, messages: &[(String, Duration)]) -> Result<(), BusError> {
        self.gate.around(publish("queue.hide"), self.bus.queue_of(self.function).hide(messages)).await
    }
}

impl<T: Transport> Transport for TransportGate<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let effect = Effect::new(EffectKind::Provider, provider_call(&request));
        self.gate.around(effect, self.transport.send(request)).await
    }
}

pub(super) const fn read(name: &'static str) -> Effect {
    Effect::new(EffectKind::Read, name)
}

pub(super) const fn write(name: &'static str) -> Effect {
    Effect::new(EffectKind::Write, name)
}

pub(super) const fn conditional(name: &'static str) -> Effect {
    Effect::new(EffectKind::Conditional, name)
}

const fn mail(effect: Effect, id: MailEffectId) -> Effect {
    match id.subject {
        MailSubject::Order(order) => effect.of(order),
        MailSubject::Account(_) => effect,
    }
}

const fn publish(name: &'static str) -> Effect {
    Effect::new(EffectKind::Publish, name)
}

/// What a request to a provider asks for, in a word.
fn provider_call(request: &Request<Bytes>) -> &'static str {
    let path = request.uri().path();
    let asks = |words: &str| path.contains(words);
    match (request.method() == http::Method::POST, path) {
        (true, "/v1/payment_intents") => "stripe.create_intent",
        (true, "/v1/refunds") => "stripe.create_refund",
        (true, _) if asks("/v1/payment_intents/") && path.ends_with("/cancel") => "stripe.cancel_intent",
        (false, _) if asks("/v1/payment_intents/") => "stripe.get_intent",
        (false, _) if asks("/v1/refunds") => "stripe.list_refunds",
        (false, _) if asks("/v1/charges") => "stripe.list_charges",
        (false, _) if asks("/v1/disputes") => "stripe.list_disputes",
        (false, "/v1/payment_intents") => "stripe.list_intents",
        (false, "/v1/events") => "stripe.list_events",
        (_, _) if asks("/v1/") => "stripe.other",
        (_, _) if asks("/v3/") => "sendgrid.send",
        (_, _) if asks("/token") => "google.token",
        (true, _) if asks("/v4/") => "sheets.write",
        (_, _) if asks("/v4/") => "sheets.read",
        _ => "provider.other",
    }
}
