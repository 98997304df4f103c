//! `change-password` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::change_password::ENDPOINT, accounts::change_password::handle).await
}
