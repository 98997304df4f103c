//! `get-jwks` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(edge::get_jwks::ENDPOINT, edge::get_jwks::handle).await
}
