//! `mark-invoice-paid` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(payments::mark_invoice_paid::ENDPOINT, payments::mark_invoice_paid::handle).await
}
