//! `create-payment-intent` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(payments::create_payment_intent::ENDPOINT, payments::create_payment_intent::handle).await
}
