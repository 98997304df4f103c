//! `sync-sheet` on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::consume(sheets::sync_sheet::RESERVE, sheets::sync_sheet::handle).await
}
