//! The providers' clients, built once as in a warm Lambda environment.

use std::rc::Rc;

use resilience::{Clock, Ids, Transport};
use uuid::Uuid;

use crate::gate::{Gate, TransportGate};
use crate::ports::Settings;

/// Fresh ids from one source; clones share it.
#[derive(Debug)]
pub struct SharedIds<I>(Rc<I>);

impl<I> SharedIds<I> {
    pub fn new(ids: I) -> Self {
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

/// One client for each provider.
#[derive(Debug)]
pub struct Clients<T, C, I> {
    pub stripe: payments::Stripe<TransportGate<T>, C, SharedIds<I>>,
    pub sendgrid: mail::SendGrid<TransportGate<T>, C, SharedIds<I>>,
    pub sheets: sheets::Sheets<TransportGate<T>, C, SharedIds<I>>,
}

impl<T: Transport, C: Clock + Clone, I: Ids> Clients<T, C, I> {
    pub fn new(settings: &Settings, transport: T, clock: &C, ids: &SharedIds<I>, gate: &Gate) -> Self {
        let transport = TransportGate::new(Rc::new(transport), gate.clone());
        let (clock, ids) = (|| clock.clone(), || ids.clone());
        Self {
            stripe: payments::Stripe::new(
                transport.clone(),
                clock(),
                ids(),
                &settings.stripe_url,
                &settings.stripe.api_key,
            ),
            sendgrid: mail::SendGrid::new(
                transport.clone(),
                clock(),
                ids(),
                &settings.sendgrid_url,
                &settings.sendgrid_api_key,
            ),
            sheets: sheets::Sheets::new(
                transport,
                clock(),
                ids(),
                &settings.sheets_url,
                settings.google.clone(),
                &settings.spreadsheet_id,
                &settings.sheet_tab,
            ),
        }
    }
}
