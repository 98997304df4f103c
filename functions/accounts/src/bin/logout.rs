//! `logout` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::logout::ENDPOINT, accounts::logout::handle).await
}
