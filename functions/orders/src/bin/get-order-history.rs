//! `get-order-history` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::get_order_history::ENDPOINT, orders::get_order_history::handle).await
}
