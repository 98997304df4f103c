//! `order-stream` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::follow(orders::order_stream::handle).await
}
