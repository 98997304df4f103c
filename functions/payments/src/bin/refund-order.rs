//! `refund-order` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(payments::refund_order::ENDPOINT, payments::refund_order::handle).await
}
