//! `list-orders` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::list_orders::ENDPOINT, orders::list_orders::handle).await
}
