//! All stand-ins together, and their webhooks in one queue.

use domain::Timestamp;

use crate::{
    Settings,
    deliveries::{Deliveries, Delivery, DeliveryId},
    faults::{Faults, WebhookPlan},
    journal::Journal,
    oidc::Oidc,
    provider::{Provider, StandIn},
    requests::RequestLog,
    sendgrid::SendGrid,
    sheets::Sheets,
    stripe::Stripe,
};

/// The sandbox: a state machine that takes requests and gives outcomes. It never waits and reads no clock.
#[derive(Debug)]
pub struct Sandbox {
    /// Stripe.
    pub stripe: Stripe,
    /// SendGrid and its mailbox.
    pub sendgrid: SendGrid,
    /// Google's token endpoint and Sheets.
    pub sheets: Sheets,
    /// An OpenID provider.
    pub oidc: Oidc,
    /// Misbehaviour that is switched on.
    pub faults: Faults,
    /// Webhooks on their way.
    pub deliveries: Deliveries,
    /// Calls so far.
    pub requests: RequestLog,
    /// The journal, if the sandbox is to survive its process.
    pub(crate) journal: Option<Journal>,
    settings: Settings,
}

impl Sandbox {
    /// A sandbox without any objects.
    pub fn new(settings: Settings) -> Self {
        Self {
            stripe: Stripe::new(settings.seed, &settings.stripe),
            sendgrid: SendGrid::new(settings.seed, &settings.sendgrid),
            sheets: Sheets::new(settings.seed, &settings.sheets),
            oidc: Oidc::new(settings.seed, &settings.oidc),
            faults: Faults::new(settings.seed),
            deliveries: Deliveries::new(settings.retries),
            requests: RequestLog::default(),
            journal: None,
            settings,
        }
    }

    /// What it was started with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Forgets every object, fault, webhook and call. New ids will not repeat old ones.
    pub fn reset(&mut self) {
        let mut settings = self.settings.clone();
        settings.seed = settings.seed.wrapping_add(1);
        let (journal, mut deliveries) = (self.journal.take(), std::mem::take(&mut self.deliveries));
        deliveries.clear();
        *self = Self { deliveries, journal, ..Self::new(settings) };
    }

    /// The webhooks that are due now, to be POSTed by the driver of the sandbox: server, suite or simulation. Each must
    /// be reported with [`Self::delivered`].
    pub fn due(&mut self, now: Timestamp) -> Vec<Delivery> {
        self.tick(now);
        self.collect(now);
        if let Some(journal) =
            self.journal.as_mut().filter(|_| self.deliveries.next_due().is_some_and(|due| due <= now))
        {
            journal.due(now);
        }
        let mut due = Vec::new();
        while let Some((id, webhook, attempt)) = self.deliveries.take(now) {
            let headers = self.stand_in(webhook.provider).sign(now, &webhook);
            let (url, body, event_type) = (webhook.url, webhook.body, webhook.event_type);
            due.push(Delivery { id, url, headers, body, event_type, attempt });
        }
        due
    }

    /// When there will be something to do: a webhook due, or a provider acting by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        let ticks = [self.stripe.next_tick(), self.sendgrid.next_tick(), self.sheets.next_tick()];
        ticks.into_iter().chain([self.deliveries.next_due()]).flatten().min()
    }

    /// Reports a delivery: the HTTP status, or `None` when there was no answer. Anything but 2xx is retried.
    pub fn delivered(&mut self, now: Timestamp, id: DeliveryId, status: Option<u16>) {
        if let Some(journal) = &mut self.journal {
            journal.delivered(now, id, status);
        }
        if let Some((webhook, taken)) = self.deliveries.report(now, id, status) {
            self.stand_in(webhook.provider).settled(&webhook, taken);
        }
    }

    pub(crate) fn stand_in(&mut self, provider: Provider) -> &mut dyn StandIn {
        match provider {
            Provider::Stripe => &mut self.stripe,
            Provider::Sendgrid => &mut self.sendgrid,
            Provider::Sheets => &mut self.sheets,
            Provider::Oidc => &mut self.oidc,
        }
    }

    pub(crate) fn tick(&mut self, now: Timestamp) {
        for provider in Provider::ALL {
            self.stand_in(provider).tick(now);
        }
    }

    /// Moves new webhooks into the queue, with the faults that hit them.
    pub(crate) fn collect(&mut self, now: Timestamp) {
        for provider in Provider::ALL {
            for webhook in self.stand_in(provider).take_webhooks() {
                match self.faults.plan_webhook(provider, &webhook.event_type) {
                    WebhookPlan::Sent(delays) => {
                        for delay in delays {
                            self.deliveries.push(webhook.clone(), now.plus(webhook.after + delay));
                        }
                    }
                    WebhookPlan::Dropped { acknowledged } => {
                        self.deliveries.count_dropped();
                        self.stand_in(provider).settled(&webhook, acknowledged);
                    }
                }
            }
        }
    }
}
