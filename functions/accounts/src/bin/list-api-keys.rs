//! `list-api-keys` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::list_api_keys::ENDPOINT, accounts::list_api_keys::handle).await
}
