//! `login` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::login::ENDPOINT, accounts::login::handle).await
}
