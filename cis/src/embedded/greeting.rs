//! What a person reads when the stack is up: where things are, and what to try.

use std::time::Duration;

use auth::Role;

use crate::accounts::{Accounts, AccountsError};
use crate::stack::Stack;

/// A token that is good for a day's work.
const TOKEN_LIFETIME: Duration = Duration::from_hours(12);

/// Prints the addresses, a ready `curl`, and what to try next.
pub fn print(stack: &Stack, accounts: &Accounts, took: Duration) -> Result<(), AccountsError> {
    let token = accounts.token(Role::Customer, None, TOKEN_LIFETIME)?;
    println!("{}", text(stack, &token, took));
    Ok(())
}

fn text(stack: &Stack, token: &str, took: Duration) -> String {
    let Stack { api_url, sandbox_url, endpoint_url, .. } = stack;
    format!(
        r#"
The order system is up ({:.1} s).

  API        {api_url}/v1
  Mailbox    {sandbox_url}/_sandbox/mailbox
  Sheet      {sandbox_url}/_sandbox/sheets
  Stripe     {sandbox_url}/_sandbox/stripe
  DynamoDB   {endpoint_url}
  Logs       {}

Place an order:

  curl -sS {api_url}/v1/orders \
    -H 'authorization: Bearer {token}' \
    -H 'content-type: application/json' \
    -H "idempotency-key: $(date +%s)" \
    -d '{ORDER}'

What to try:

  cargo cis smoke                    places an order, pays it, and follows it to the mail and the row
  cargo cis trace ord_…              every hop of one order
  cargo cis logs send-email          what a function said
  cargo cis token --role staff       a token that sees everybody's orders
  cargo cis down                     ends the stack; its data stays. `cargo cis up --fresh` forgets it"#,
        took.as_secs_f32(),
        stack.logs.display(),
    )
}

const ORDER: &str = r#"{"lines":[{"sku":"mug-blue","quantity":2}],"currency":"EUR","email":"ada@example.com","shipping_address":{"name":"Ada Lovelace","line1":"Unter den Linden 1","city":"Berlin","postal_code":"10117","country":"DE"}}"#;
