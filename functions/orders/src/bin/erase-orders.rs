//! `erase-orders` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::consume(orders::erase_orders::RESERVE, orders::erase_orders::handle).await
}
