//! The providers' clients, built once as in a warm Lambda environment.

use std::rc::Rc;

use mail::SendGridSecrets;
use resilience::{Clock, Ids, Transport};
use stripe::StripeSecrets;
use uuid::Uuid;

use crate::gate::{Gate, TransportGate};
use crate::ports::Settings;

/// Fresh ids from one source; clones share it.
#[derive(Debug)]
pub struct SharedIds<I>(Rc<I>);

impl<I> SharedIds<I> {
    pub(crate) fn new(ids: I) -> Self {
        Self(Rc::new(ids))
    }
}

impl<I> Clone for SharedIds<I> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<I: Ids> Ids for SharedIds<I> {
    fn fresh(&self) -> Uuid {
        self.0.fresh()
    }
}

/// The way to the providers. Stripe's and SendGrid's clients are made for each invocation, with the current keys;
/// Google's lives as long as its token,
/// that of OpenID providers as long as their documents.
#[derive(Debug)]
pub struct Clients<T, C, I> {
    transport: TransportGate<T>,
    clock: C,
    ids: SharedIds<I>,
    stripe_url: String,
    sendgrid_url: String,
    pub sheets: google_sheets::Sheets<TransportGate<T>, C, SharedIds<I>>,
    pub open_id: oidc::OpenId<TransportGate<T>, C, SharedIds<I>>,
}

impl<T: Transport, C: Clock + Clone, I: Ids> Clients<T, C, I> {
    pub fn new(settings: &Settings, transport: T, clock: &C, ids: &SharedIds<I>, gate: &Gate) -> Self {
        let transport = TransportGate::new(Rc::new(transport), gate.clone());
        Self {
            sheets: google_sheets::Sheets::new(
                transport.clone(),
                clock.clone(),
                ids.clone(),
                &settings.sheets_url,
                settings.google.clone(),
                &settings.spreadsheet_id,
                &settings.sheet_tab,
            ),
            open_id: oidc::OpenId::new(transport.clone(), clock.clone(), ids.clone()),
            transport,
            clock: clock.clone(),
            ids: ids.clone(),
            stripe_url: settings.stripe_url.clone(),
            sendgrid_url: settings.sendgrid_url.clone(),
        }
    }

    pub fn stripe(&self, keys: &StripeSecrets) -> stripe::Stripe<TransportGate<T>, C, SharedIds<I>> {
        let (transport, clock, ids) = (self.transport.clone(), self.clock.clone(), self.ids.clone());
        stripe::Stripe::new(transport, clock, ids, &self.stripe_url, keys.api_key.as_str())
    }

    pub fn sendgrid(&self, keys: &SendGridSecrets) -> mail::SendGrid<TransportGate<T>, C, SharedIds<I>> {
        let (transport, clock, ids) = (self.transport.clone(), self.clock.clone(), self.ids.clone());
        mail::SendGrid::new(transport, clock, ids, &self.sendgrid_url, keys.api_key.as_str())
    }
}
