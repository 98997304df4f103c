//! `send-email` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::consume(email::send_email::RESERVE, email::send_email::handle).await
}
