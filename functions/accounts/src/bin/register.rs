//! `register` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::register::ENDPOINT, accounts::register::handle).await
}
