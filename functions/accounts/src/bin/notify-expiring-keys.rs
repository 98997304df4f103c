//! `notify-expiring-keys` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::run(accounts::notify_expiring_keys::RESERVE, accounts::notify_expiring_keys::handle).await
}
