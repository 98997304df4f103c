//! `request-password-reset` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::request_password_reset::ENDPOINT, accounts::request_password_reset::handle).await
}
