//! What a person sees when a stack is ready: where everything is, and what to try.

use crate::accounts::{PASSWORD, PEOPLE};
use crate::stack::{Kind, Stack};

/// Addresses and first steps.
pub fn text(stack: &Stack) -> String {
    let Stack { api_url, sandbox_url, .. } = stack;
    let kind = match stack.kind {
        Kind::Embedded => "embedded",
        Kind::Cloud => "cloud",
    };
    format!(
        r#"The order system is up ({kind} stack).

  API       {api_url}/v1
  mailbox   {sandbox_url}/_sandbox/mailbox
  sheet     {sandbox_url}/_sandbox/sheets
  Stripe    {sandbox_url}/_sandbox/stripe
  logs      {logs}

Sign in, as {people}, each with the password "{PASSWORD}":

  curl '{api_url}/v1/auth/login' -H 'Content-Type: application/json' -d '{{ "email": "ada@shop.example", "password": "{PASSWORD}" }}'

Place an order, with its access_token or one that `cargo cis token` makes:

  curl '{api_url}/v1/orders' -H "Authorization: Bearer $(cargo cis token)" \
    -H "Idempotency-Key: $(date +%s)" -H 'Content-Type: application/json' -d '{{
      "lines": [{{ "sku": "mug-blue", "quantity": 2 }}], "currency": "EUR", "email": "ada@shop.example",
      "shipping_address": {{ "name": "Ada", "line1": "1 Main Street", "city": "Bonn", "postal_code": "53111", "country": "DE" }} }}'

Pay it as a browser would, with intent_id and client_secret of the answer:

  curl '{sandbox_url}/v1/payment_intents/INTENT_ID/confirm' -u pk_test_sandbox: \
    -d client_secret=CLIENT_SECRET -d payment_method=pm_card_visa

Then look at mailbox and sheet. `cargo cis smoke` does all of it. `cargo cis down` ends the stack, and so does Ctrl-C.
"#,
        logs = stack.logs.display(),
        people = people(),
    )
}

/// `ada@shop.example (customer), …`
fn people() -> String {
    PEOPLE.map(|(role, _, email)| format!("{email} ({role})")).join(", ")
}
