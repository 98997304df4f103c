//! `verify-email` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::verify_email::ENDPOINT, accounts::verify_email::handle).await
}
