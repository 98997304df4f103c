//! `refresh-token` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::refresh_token::ENDPOINT, accounts::refresh_token::handle).await
}
