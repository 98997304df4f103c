//! `reset-password` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::reset_password::ENDPOINT, accounts::reset_password::handle).await
}
