//! The providers' clients, built once as in a warm Lambda environment.

use std::cell::OnceCell;
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

/// Google's client in this process.
type Sheets<T, C, I> = google_sheets::Sheets<TransportGate<T>, C, SharedIds<I>>;

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
    sheets: Sheets<T, C, I>,
    /// The spreadsheet that took the place of the first, with a client for it.
    later: OnceCell<(String, Sheets<T, C, I>)>,
    pub open_id: oidc::OpenId<TransportGate<T>, C, SharedIds<I>>,
}

impl<T: Transport, C: Clock + Clone, I: Ids> Clients<T, C, I> {
    pub fn new(settings: &Settings, transport: T, clock: &C, ids: &SharedIds<I>, gate: &Gate) -> Self {
        let transport = TransportGate::new(Rc::new(transport), gate.clone());
        Self {
            sheets: sheets(settings, &settings.spreadsheet_id, &transport, clock, ids),
            later: OnceCell::new(),
            open_id: oidc::OpenId::new(transport.clone(), clock.clone(), ids.clone()),
            transport,
            clock: clock.clone(),
            ids: ids.clone(),
            stripe_url: settings.stripe_url.clone(),
            sendgrid_url: settings.sendgrid_url.clone(),
        }
    }

    /// Google's client, for the current spreadsheet.
    pub fn sheets(&self) -> &Sheets<T, C, I> {
        self.later.get().map_or(&self.sheets, |(_, sheets)| sheets)
    }

    /// The spreadsheet that took the place of the one in the settings.
    pub fn later_spreadsheet(&self) -> Option<&str> {
        self.later.get().map(|(id, _)| id.as_str())
    }

    /// Lets another spreadsheet take the place of the one in the settings; a second change changes nothing.
    pub fn change_spreadsheet(&self, settings: &Settings, id: &str) {
        self.later.get_or_init(|| (id.to_owned(), sheets(settings, id, &self.transport, &self.clock, &self.ids)));
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

fn sheets<T: Transport, C: Clock + Clone, I: Ids>(
    settings: &Settings,
    spreadsheet_id: &str,
    transport: &TransportGate<T>,
    clock: &C,
    ids: &SharedIds<I>,
) -> Sheets<T, C, I> {
    let (transport, clock, ids, account) = (transport.clone(), clock.clone(), ids.clone(), settings.google.clone());
    google_sheets::Sheets::new(
        transport,
        clock,
        ids,
        &settings.sheets_url,
        account,
        spreadsheet_id,
        &settings.sheet_tab,
    )
}
