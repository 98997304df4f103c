//! `get-health` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(edge::get_health::ENDPOINT, edge::get_health::handle).await
}
