//! `fulfil-order` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::fulfil_order::ENDPOINT, orders::fulfil_order::handle).await
}
