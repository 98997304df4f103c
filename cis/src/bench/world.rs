//! The suite as the bench runs it, and its clients.

use std::time::Duration;

use auth::Role;
use bytes::Bytes;
use domain::{Change, Timestamp};
use google_sheets::{DEFAULT_TAB, ServiceAccount};
use http::{Request, Response, header};
use resilience::{Clock as _, RandomIds, Transport as _};
use sandbox::{Fault, SandboxTransport, Shared};
use serde_json::json;
use settings::FixedSecrets;
use store::{Orders as _, PlaceOutcome};
use suite::{Activity, Ports, Settings, Stores as _, Suite, Wiring};

use super::BenchError;
use super::call::{API, Call};
use super::clock::ForwardClock;
use super::meter::{Meter, Metered};
use super::report::{Row, Section};
use super::stores::MeteredStores;
use crate::accounts::{ALERT_EMAIL, Accounts, MAIL_FROM, ORIGINS, SPREADSHEET, WEB_APP};
use crate::paths;

/// Where the providers would be if there were a network.
const SANDBOX: &str = "https://sandbox.test";
/// Longer than every bucket of [`api::Class`] takes to fill up: each call finds its bucket idle.
const PAUSE: Duration = Duration::from_mins(2);
/// Tokens outlast the bench, whatever it puts its clock forward to.
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

type Local = Suite<MeteredStores, Metered<SandboxTransport<ForwardClock>>, ForwardClock, RandomIds>;

/// A shop, what was measured in it so far, and its clock.
pub struct World {
    suite: Local,
    sandbox: Shared,
    clock: ForwardClock,
    meter: Meter,
    accounts: Accounts,
    sections: Vec<Section>,
}

impl World {
    /// An empty shop.
    ///
    /// # Errors
    ///
    /// A dependency of the suite cannot be built.
    pub async fn open(meter: Meter) -> Result<Self, BenchError> {
        let (accounts, clock) = (Accounts::load()?, ForwardClock::default());
        let sandbox = Shared::new(accounts.sandbox(API));
        let transport = SandboxTransport::new(sandbox.clone(), clock.clone());
        let ports = Ports {
            store: MeteredStores::open(&meter).await?,
            transport: Metered::new(transport, meter.clone()),
            clock: clock.clone(),
            ids: RandomIds,
        };
        let suite = Suite::new(ports, settings(&accounts)?, wiring()?);
        Ok(Self { suite, sandbox, clock, meter, accounts, sections: vec![] })
    }

    /// What the template says.
    pub fn wiring(&self) -> &Wiring {
        self.suite.wiring()
    }

    /// Where limits are kept.
    pub fn guards_table(&self) -> &str {
        self.suite.store().guards_table()
    }

    /// What was measured.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// What is measured from now on belongs together.
    pub fn begin(&mut self, title: &str) {
        self.sections.push(Section { title: title.to_owned(), rows: vec![] });
    }

    /// A token that is valid as long as the bench runs.
    ///
    /// # Errors
    ///
    /// The id is not of the role's kind.
    pub fn token(&self, role: Role, id: Option<&str>) -> Result<String, BenchError> {
        Ok(self.accounts.token(role, id, TOKEN_LIFETIME)?)
    }

    /// Makes a request without measuring it.
    ///
    /// # Errors
    ///
    /// It is answered with another status.
    pub async fn ask(&mut self, call: &Call<'_>) -> Result<Response<Bytes>, BenchError> {
        self.pause();
        let answer = self.answer(call).await?;
        self.meter.take();
        call.expected(answer)
    }

    /// Makes a request after a pause and measures it under its route.
    ///
    /// # Errors
    ///
    /// It is answered with another status.
    pub async fn call(&mut self, call: &Call<'_>) -> Result<Response<Bytes>, BenchError> {
        self.pause();
        self.call_at_once(call).await
    }

    /// Time passes, as before each call.
    pub fn pause(&self) {
        self.pass(PAUSE);
    }

    /// So much time passes.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Makes a request right after the one before and measures it under its route.
    ///
    /// # Errors
    ///
    /// It is answered with another status.
    pub async fn call_at_once(&mut self, call: &Call<'_>) -> Result<Response<Bytes>, BenchError> {
        self.meter.take();
        let answer = call.expected(self.answer(call).await?)?;
        let size = answer.body().len();
        self.row(call.route, call.variant, Some((answer.status().as_u16(), Some(size))));
        Ok(answer)
    }

    /// Lets everything happen that follows within `horizon`, and measures each step.
    ///
    /// # Errors
    ///
    /// The stream cannot be read, a function fails, or a webhook is refused.
    pub async fn settle(&mut self, horizon: Duration) -> Result<(), BenchError> {
        let end = self.clock.now().plus(horizon);
        loop {
            let is_busy = self.deliver().await? | self.read_streams().await? | self.work_off_queues().await?;
            if !is_busy {
                let due = self.suite.next_due(Some(&self.sandbox)).await.filter(|due| *due <= end);
                let Some(due) = due else { return Ok(()) };
                self.clock.advance(due.since(self.clock.now()));
            }
        }
    }

    /// Lets everything happen that follows, unmeasured.
    ///
    /// # Errors
    ///
    /// As [`settle`](Self::settle).
    pub async fn settle_unmeasured(&mut self, horizon: Duration) -> Result<(), BenchError> {
        self.begin("");
        let settled = self.settle(horizon).await;
        self.sections.pop();
        settled
    }

    /// Calls every function that has a schedule, and measures it.
    ///
    /// # Errors
    ///
    /// One fails.
    pub async fn run_schedules(&mut self) -> Result<(), BenchError> {
        for schedule in self.wiring().schedules.clone() {
            self.run_schedule(&schedule.function, "by its schedule").await?;
        }
        Ok(())
    }

    /// Calls a function that has a schedule, and measures it.
    ///
    /// # Errors
    ///
    /// It fails.
    pub async fn run_schedule(&mut self, function: &str, variant: &str) -> Result<(), BenchError> {
        self.meter.take();
        let event = json!({ "time": self.clock.now() });
        let result = Box::pin(self.suite.call(function, event)).await;
        succeeded(function, result.err().map(|error| error.to_string()))?;
        self.row(function, variant, None);
        Ok(())
    }

    /// The same, unmeasured.
    ///
    /// # Errors
    ///
    /// It fails.
    pub async fn run_schedule_unmeasured(&mut self, function: &str) -> Result<(), BenchError> {
        self.begin("");
        let ran = self.run_schedule(function, "").await;
        self.sections.pop();
        ran
    }

    /// The shop's present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Stores a new order, unmeasured and past the API.
    ///
    /// # Errors
    ///
    /// It is not stored.
    pub async fn place(&self, placement: &Change) -> Result<(), BenchError> {
        match self.suite.store().orders().place(placement).await? {
            PlaceOutcome::New(_) => Ok(()),
            PlaceOutcome::Existing(_) | PlaceOutcome::OutOfStock(_) => Err(BenchError::Missing("a new order")),
        }
    }

    /// A fault of a provider's, in place of the one before.
    pub fn suffers(&self, fault: Fault) {
        self.recovers();
        self.sandbox.lock().faults.add(fault);
    }

    /// The providers are well again.
    pub fn recovers(&self) {
        self.sandbox.lock().faults.clear();
    }

    /// Does something at a provider as a browser does, unmeasured.
    ///
    /// # Errors
    ///
    /// No answer.
    pub async fn ask_provider(&self, path: &str, key: &str, form: String) -> Result<Response<Bytes>, BenchError> {
        let url = if path.starts_with('/') { format!("{SANDBOX}{path}") } else { path.to_owned() };
        let request = Request::post(url)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))?;
        Ok(SandboxTransport::new(self.sandbox.clone(), self.clock.clone()).send(request).await?)
    }

    /// The text of the newest mail.
    pub fn newest_mail(&self) -> String {
        let sandbox = self.sandbox.lock();
        sandbox.sendgrid.mails().last().and_then(|mail| mail.text.clone()).unwrap_or_default()
    }

    /// Boxed: the futures of all handlers together are large.
    async fn answer(&self, call: &Call<'_>) -> Result<Response<Bytes>, BenchError> {
        Ok(Box::pin(self.suite.http(call.request()?)).await)
    }

    async fn deliver(&mut self) -> Result<bool, BenchError> {
        let due = self.sandbox.lock().due(self.clock.now());
        let is_busy = !due.is_empty();
        for delivery in due {
            let path = delivery.url.strip_prefix(API).unwrap_or_default().to_owned();
            self.meter.take();
            let happened = Box::pin(self.suite.deliver(&self.sandbox, delivery)).await;
            let Activity::Delivered { event_type, status } = happened else { continue };
            succeeded(&path, (status != 200 && status != 204).then(|| format!("{status} for {event_type}")))?;
            self.row(&format!("POST {path}"), &event_type, Some((status, None)));
        }
        Ok(is_busy)
    }

    async fn read_streams(&mut self) -> Result<bool, BenchError> {
        let mut is_busy = false;
        for mapping in self.wiring().stream_mappings.clone() {
            self.meter.take();
            let happened = Box::pin(self.suite.pump(&mapping)).await?;
            if let Some(Activity::Streamed { function, records, error, .. }) = happened {
                succeeded(&function, error)?;
                self.row(&function, &counted(records, "record"), None);
                is_busy = true;
            }
        }
        Ok(is_busy)
    }

    async fn work_off_queues(&mut self) -> Result<bool, BenchError> {
        let mut is_busy = false;
        for mapping in self.wiring().queue_mappings.clone() {
            self.meter.take();
            let happened = Box::pin(self.suite.poll(&mapping)).await;
            if let Some(Activity::Consumed { function, messages, error, .. }) = happened {
                succeeded(&function, error)?;
                self.row(&function, &counted(messages, "message"), None);
                is_busy = true;
            }
        }
        Ok(is_busy)
    }

    fn row(&mut self, call: &str, variant: &str, answer: Option<(u16, Option<usize>)>) {
        let row = Row { call: call.to_owned(), variant: variant.to_owned(), answer, spent: self.meter.take() };
        if let Some(section) = self.sections.last_mut() {
            section.rows.push(row);
        }
    }
}

fn succeeded(who: &str, error: Option<String>) -> Result<(), BenchError> {
    error.map_or(Ok(()), |error| Err(BenchError::Failed(who.to_owned(), error)))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn wiring() -> Result<Wiring, BenchError> {
    let mut wiring: Wiring = std::fs::read_to_string(paths::root().join("template.yaml"))?.parse()?;
    if let Some(cors) = &mut wiring.cors {
        cors.origins = ORIGINS.split(',').map(str::to_owned).collect();
    }
    Ok(wiring)
}

fn settings(accounts: &Accounts) -> Result<Settings, BenchError> {
    let texts = accounts.secrets(SANDBOX)?;
    let google = texts.get(suite::secrets::GOOGLE).map_or("", String::as_str);
    Ok(Settings {
        stripe_url: SANDBOX.to_owned(),
        sendgrid_url: SANDBOX.to_owned(),
        sheets_url: SANDBOX.to_owned(),
        google: ServiceAccount::from_json(google).map_err(|_| BenchError::Missing("Google's service account"))?,
        secrets: FixedSecrets::new(texts),
        mail_from: MAIL_FROM.parse().map_err(|_| BenchError::Missing("the sender of mails"))?,
        alert_email: ALERT_EMAIL.parse().map_err(|_| BenchError::Missing("the address of alerts"))?,
        public_url: WEB_APP.to_owned(),
        api_public_url: API.to_owned(),
        spreadsheet_id: SPREADSHEET.to_owned(),
        sheet_tab: DEFAULT_TAB.to_owned(),
        payment_terms: domain::PaymentTerms::default(),
        reservation_limits: domain::ReservationLimits::default(),
        mail_evidence_wait: Duration::from_mins(5),
        rate_limit_scale: 1,
    })
}
