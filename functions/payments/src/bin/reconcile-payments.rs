//! `reconcile-payments` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::run(payments::reconcile_payments::RESERVE, payments::reconcile_payments::handle).await
}
