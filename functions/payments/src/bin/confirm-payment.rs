//! `confirm-payment` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(payments::confirm_payment::ENDPOINT, payments::confirm_payment::handle).await
}
