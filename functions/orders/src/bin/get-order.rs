//! `get-order` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::get_order::ENDPOINT, orders::get_order::handle).await
}
