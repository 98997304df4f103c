//! `get-openapi` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(edge::get_openapi::ENDPOINT, edge::get_openapi::handle).await
}
