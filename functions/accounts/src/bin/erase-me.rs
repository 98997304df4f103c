//! `erase-me` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::erase_me::ENDPOINT, accounts::erase_me::handle).await
}
