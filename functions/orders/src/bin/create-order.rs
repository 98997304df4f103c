//! `create-order` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::create_order::ENDPOINT, orders::create_order::handle).await
}
