//! `revoke-api-key` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::revoke_api_key::ENDPOINT, accounts::revoke_api_key::handle).await
}
