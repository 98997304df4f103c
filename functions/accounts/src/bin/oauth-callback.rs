//! `oauth-callback` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::oauth_callback::ENDPOINT, accounts::oauth_callback::handle).await
}
