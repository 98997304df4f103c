//! Handlers that replace a function's own, so that tests can show the effect of a bug.

use resilience::{Clock, Deadline, Ids, Transport};
use serde_json::Value;

use crate::call_error::CallError;
use crate::clients::SharedIds;
use crate::gate::{BusGate, StoreGate, TransportGate};
use crate::ports::Stores;
use crate::suite::{Handler, Suite};

impl<S: Stores, T: Transport, C: Clock + Clone, I: Ids> Suite<S, T, C, I> {
    /// Replaces the function's handler from now on.
    pub fn replace(&mut self, function: &str, handler: Handler<S, T, C, I>) {
        self.replaced.0.insert(function.to_owned(), handler);
    }

    /// Runs a function's handler on an event, a replacement where there is one.
    pub(crate) async fn run(&self, function: &str, event: Value, deadline: Deadline) -> Result<Value, CallError> {
        match self.replaced.0.get(function) {
            Some(handler) => handler(self, event, deadline).await,
            None => self.handle(function, event, deadline).await,
        }
    }

    /// The repositories behind the gate, as handlers have them.
    pub const fn gated_store(&self) -> StoreGate<'_, S> {
        StoreGate::new(&self.store, &self.gate)
    }

    /// The bus behind the gate, as a stream's function has it.
    pub const fn gated_bus<'a>(&'a self, function: &'a str) -> BusGate<'a, C> {
        BusGate::new(&self.bus, &self.gate, function)
    }

    /// Stripe's client, with the current keys.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn stripe(&self) -> Result<stripe::Stripe<TransportGate<T>, C, SharedIds<I>>, settings::SecretError> {
        Ok(self.warm.clients.stripe(&*self.warm.secrets.stripe.get().await?))
    }

    /// SendGrid's client, with the current key.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn sendgrid(&self) -> Result<mail::SendGrid<TransportGate<T>, C, SharedIds<I>>, settings::SecretError> {
        Ok(self.warm.clients.sendgrid(&*self.warm.secrets.sendgrid.get().await?))
    }

    /// Google's client.
    pub fn sheets(&self) -> &google_sheets::Sheets<TransportGate<T>, C, SharedIds<I>> {
        self.warm.clients.sheets()
    }

    /// The current spreadsheet.
    pub fn spreadsheet_id(&self) -> &str {
        self.warm.clients.later_spreadsheet().unwrap_or(&self.warm.settings.spreadsheet_id)
    }

    /// Lets another spreadsheet take the place of the one in the settings, as another `SpreadsheetId` does on AWS; a
    /// second change changes nothing.
    pub fn change_spreadsheet(&self, id: &str) {
        self.warm.clients.change_spreadsheet(&self.warm.settings, id);
    }

    /// Fresh ids and jitter.
    pub const fn ids(&self) -> &SharedIds<I> {
        &self.warm.ids
    }
}
