#[test]
fn the_committed_document_is_the_codes() {
    let committed = std::fs::read_to_string(contract::path()).unwrap();
    assert!(committed == contract::text(), "openapi.json is stale: run `cargo cis openapi`");
}
