//! `put-product` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(catalogue::put_product::ENDPOINT, catalogue::put_product::handle).await
}
