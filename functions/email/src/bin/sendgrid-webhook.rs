//! `sendgrid-webhook` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(email::sendgrid_webhook::ENDPOINT, email::sendgrid_webhook::handle).await
}
