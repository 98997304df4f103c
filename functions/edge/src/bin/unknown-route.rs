//! `unknown-route` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(edge::unknown_route::ENDPOINT, edge::unknown_route::handle).await
}
