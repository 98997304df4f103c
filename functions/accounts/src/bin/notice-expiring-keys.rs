//! `notice-expiring-keys` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::run(accounts::notice_expiring_keys::RESERVE, accounts::notice_expiring_keys::handle).await
}
