//! `create-api-key` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::serve(accounts::create_api_key::ENDPOINT, accounts::create_api_key::handle).await
}
