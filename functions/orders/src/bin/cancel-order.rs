//! `cancel-order` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::cancel_order::ENDPOINT, orders::cancel_order::handle).await
}
