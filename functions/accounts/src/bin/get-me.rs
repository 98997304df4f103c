//! `get-me` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::get_me::ENDPOINT, accounts::get_me::handle).await
}
