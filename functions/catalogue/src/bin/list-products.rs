//! `list-products` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(catalogue::list_products::ENDPOINT, catalogue::list_products::handle).await
}
