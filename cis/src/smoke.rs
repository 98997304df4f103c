//! `cargo cis smoke`: a new customer and one order through the whole system, step by step, on the running stack.

use std::io;
use std::time::{Duration, Instant};

use domain::Role;
use resilience::{Ids as _, RandomIds};
use serde_json::Value;

use crate::shop::{Shop, ShopError};
use crate::sign_in::{SignIn, mailed_token};
use crate::stack::Stack;

/// A step that takes longer is missing. The cloud stack starts processes on its first order.
const PATIENCE: Duration = Duration::from_secs(30);
/// Twenty looks a second for half a minute stay below the reads that a customer has.
const PAUSE: Duration = Duration::from_millis(50);
/// A card that Stripe takes.
const CARD: &str = "pm_card_visa";

/// Why an order did not get through.
#[derive(Debug, thiserror::Error)]
pub enum SmokeError {
    /// No stack to try.
    #[error("no stack is up; `cargo cis up` starts one")]
    NoStack,
    /// The stack's file.
    #[error("cannot read what is known of the stack")]
    Files(#[from] io::Error),
    /// A call failed.
    #[error("missing step: {step}")]
    Call {
        /// The step that is missing.
        step: &'static str,
        /// Why.
        #[source]
        source: ShopError,
    },
    /// It did not come.
    #[error("missing step: {0} (waited {wait} s)", wait = PATIENCE.as_secs())]
    Missing(&'static str),
}

/// Signs a new customer up, places an order, pays it, and follows it to the mail and the row.
///
/// # Errors
///
/// [`SmokeError`], which names the missing step.
pub async fn smoke() -> Result<(), SmokeError> {
    let stack = Stack::load()?.ok_or(SmokeError::NoStack)?;
    let shop = Shop::new(&stack).map_err(failed("stack"))?;
    let started = Instant::now();
    let key = RandomIds.fresh().simple().to_string();
    let email = format!("smoke-{key}@example.com");
    let staff = Shop::seen_by(&stack, Role::Staff).map_err(failed("stack"))?;
    let stranger = SmokeRun { shop: shop.clone(), staff: staff.clone(), started };
    let token = stranger.sign_up(&stack, &email).await?;
    let run = SmokeRun { shop: shop.with_token(token), staff, started };
    run.order(&key, &email).await?;
    println!("all steps done in {} ms", started.elapsed().as_millis());
    Ok(())
}

struct SmokeRun {
    shop: Shop,
    /// The same shop as its staff sees it.
    staff: Shop,
    started: Instant,
}

impl SmokeRun {
    /// From a stranger to a customer who is signed in; the access token.
    async fn sign_up(&self, stack: &Stack, email: &str) -> Result<String, SmokeError> {
        let sign_in = SignIn::new(stack).map_err(ShopError::from).map_err(failed("stack"))?;
        let password = RandomIds.fresh().simple().to_string();
        sign_in.register(email, &password).await.map_err(failed("registered"))?;
        self.said("registered", email);
        let link = self.wait("link in mailbox", async || self.link(email).await).await?;
        self.said("link in mailbox", link.split('.').next().unwrap_or_default());
        let tokens = sign_in.verify_email(&link, &password).await.map_err(failed("address verified"))?;
        let me = self.shop.with_token(tokens.access_token).me().await.map_err(failed("address verified"))?;
        self.said("address verified", text(&me["account_id"]));
        let tokens = sign_in.login(email, &password).await.map_err(failed("signed in"))?;
        self.said("signed in", "");
        let tokens = sign_in.refresh(&tokens.refresh_token).await.map_err(failed("tokens renewed"))?;
        self.said("tokens renewed", "");
        Ok(tokens.access_token)
    }

    /// The token of the link that was mailed to this address.
    async fn link(&self, email: &str) -> Result<Option<String>, ShopError> {
        Ok(self.shop.mails_to(email).await?.iter().find_map(mailed_token).map(str::to_owned))
    }

    /// From the placed order to the row in the sheet.
    async fn order(&self, key: &str, email: &str) -> Result<(), SmokeError> {
        let placed = self.shop.place(key, email).await.map_err(failed("order placed"))?;
        let order = placed.order_id;
        self.said("order placed", &order);
        let secret = placed.client_secret.ok_or(SmokeError::Missing("payment intent"))?;
        let paid = self.shop.pay(&secret, CARD).await.map_err(failed("payment confirmed"))?;
        self.said("payment confirmed", text(&paid["status"]));

        self.follow("webhook taken in", &order, |step| step["kind"] == "webhook").await?;
        self.follow("event order.paid", &order, |step| step["type"] == "order.paid").await?;
        self.follow("mail sent", &order, |step| step["kind"] == "mail" && step["state"] == "sent").await?;
        let about = |mail: &Value| text(&mail["custom_args"]["effect_id"]).starts_with(&order);
        let mail = self.wait("mail in mailbox", async || Ok(self.shop.mails().await?.into_iter().find(about))).await?;
        self.said("mail in mailbox", text(&mail["subject"]));
        let is_row = |step: &Value| step["kind"] == "row";
        let row = async || Ok(self.staff.history(&order).await?.into_iter().find(is_row));
        let row = self.wait("row noted", row).await?;
        self.said("row noted", text(&row["at"]));
        let of_order =
            |row: &Vec<Value>| row.first().is_some_and(|id| *id == *order) && row.iter().any(|cell| cell == "paid");
        let row = self.wait("row in sheet", async || Ok(self.shop.rows().await?.into_iter().find(of_order))).await?;
        self.said("row in sheet", row.get(2).map_or("", text));
        Ok(())
    }

    fn said(&self, step: &str, detail: &str) {
        println!("{:>6} ms  {step:<18} {detail}", self.started.elapsed().as_millis());
    }

    /// Waits until the order's history has the entry.
    async fn follow(&self, name: &'static str, order: &str, is_it: impl Fn(&Value) -> bool) -> Result<(), SmokeError> {
        let found = self.wait(name, async || Ok(self.shop.history(order).await?.into_iter().find(&is_it))).await?;
        self.said(name, text(&found["at"]));
        Ok(())
    }

    async fn wait<T>(
        &self,
        step: &'static str,
        look: impl AsyncFn() -> Result<Option<T>, ShopError>,
    ) -> Result<T, SmokeError> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match look().await.map_err(failed(step))? {
                Some(found) => return Ok(found),
                None => tokio::time::sleep(PAUSE).await,
            }
        }
        Err(SmokeError::Missing(step))
    }
}

fn failed(step: &'static str) -> impl Fn(ShopError) -> SmokeError {
    move |source| SmokeError::Call { step, source }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
