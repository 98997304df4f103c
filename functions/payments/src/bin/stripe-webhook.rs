//! `stripe-webhook` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(payments::stripe_webhook::ENDPOINT, payments::stripe_webhook::handle).await
}
