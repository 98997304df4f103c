//! `settle-payment` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::consume(payments::settle_payment::RESERVE, payments::settle_payment::handle).await
}
