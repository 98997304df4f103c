//! `resolve-review` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(orders::resolve_review::ENDPOINT, orders::resolve_review::handle).await
}
