//! `account-stream` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::follow(accounts::account_stream::handle).await
}
