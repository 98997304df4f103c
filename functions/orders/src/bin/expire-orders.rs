//! `expire-orders` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::run(orders::expire_orders::RESERVE, orders::expire_orders::handle).await
}
