//! The functions' settings on this stack.

use std::io;
use std::path::Path;
use std::time::Duration;

use google_sheets::{DEFAULT_TAB, ServiceAccount};
use resilience::{Ids as _, RandomIds};
use suite::Settings;

use super::listeners::Listeners;
use super::{EmbeddedError, secrets};
use crate::accounts::{ALERT_EMAIL, Accounts, MAIL_FROM, SPREADSHEET, WEB_APP};
use crate::paths;

/// The providers answer from this machine.
pub const PROVIDER_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a function runs at once. One thread serves them all: more of them would only be slower, until none is done
/// within its time.
pub const AT_ONCE: usize = 4;
/// The sandbox's events come within a second.
const EVIDENCE_WAIT: Duration = Duration::from_secs(20);

/// The settings for providers at this origin.
pub fn settings(
    folder: &Path,
    accounts: &Accounts,
    listeners: &Listeners,
    rate_limit_scale: u32,
) -> Result<Settings, EmbeddedError> {
    let sandbox_url = &listeners.sandbox_url;
    let texts = accounts.secrets(sandbox_url)?;
    Ok(Settings {
        stripe_url: sandbox_url.to_owned(),
        sendgrid_url: sandbox_url.to_owned(),
        sheets_url: sandbox_url.to_owned(),
        google: ServiceAccount::from_json(texts.get(suite::secrets::GOOGLE).map_or("", String::as_str))
            .map_err(|_| EmbeddedError::Setting("Google service account"))?,
        secrets: secrets::open(folder, &texts)?,
        mail_from: MAIL_FROM.parse().map_err(|_| EmbeddedError::Setting("sender of mails"))?,
        alert_email: ALERT_EMAIL.parse().map_err(|_| EmbeddedError::Setting("address of alerts"))?,
        public_url: WEB_APP.to_owned(),
        api_public_url: listeners.api_url.clone(),
        spreadsheet_id: SPREADSHEET.to_owned(),
        sheet_tab: DEFAULT_TAB.to_owned(),
        payment_terms: domain::PaymentTerms::default(),
        reservation_limits: domain::ReservationLimits::default(),
        mail_evidence_wait: EVIDENCE_WAIT,
        rate_limit_scale,
    })
}

/// The sandbox's seed: made at the first start, kept since.
pub fn seed(folder: &Path) -> io::Result<u64> {
    let file = folder.join("seed");
    if let Some(seed) = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(seed);
    }
    let seed = RandomIds.fresh().as_u64_pair().0;
    paths::replace(&file, seed.to_string().as_bytes())?;
    Ok(seed)
}
