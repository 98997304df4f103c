//! `authorizer` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::authorize(edge::authorizer::handle).await
}
