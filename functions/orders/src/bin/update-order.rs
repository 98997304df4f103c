//! `update-order` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::update_order::ENDPOINT, orders::update_order::handle).await
}
