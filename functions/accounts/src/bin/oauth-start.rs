//! `oauth-start` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::oauth_start::ENDPOINT, accounts::oauth_start::handle).await
}
